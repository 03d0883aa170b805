import { evaluate, evaluateBoolean, ExpressionError } from '../../../contracts/expressions';
import type { Json } from '../../../contracts/json';

const scope = {
  inputs: { n: 5, price: 2.5, xs: [1, 2, 3], name: 'calc', risky: true, none: null, o: { a: 1 } },
  run: { id: 'r-1', ports: { web: 4100 } },
  stages: {
    plan: { status: 'succeeded', output: { title: 'Memory keys', files: ['ui/a', 'b'] } },
    'code-review': { status: 'skipped', output: null },
  },
  matrix: { node: 20 },
};

describe('an expression', () => {
  it.each<[string, Json]>([
    ['5 == inputs.n', true],
    ['inputs.n > 3 && inputs.n <= 5', true],
    ['inputs.n + 1', 6],
    ['inputs.n / 2', 2.5],
    ['7 / 2', 3.5],
    ['7 % 4', 3],
    ['inputs.n * inputs.price', 12.5],
    ['size(inputs.xs) - 1', 2],
    ['inputs.xs[size(inputs.xs) - 1]', 3],
    ['inputs.xs == [1, 2, 3]', true],
    ['inputs.o == {"a": 1}', true],
    ['2 in inputs.xs', true],
    ['"a" in inputs.o', true],
    ['-inputs.n', -5],
    ['[1, 2][1]', 2],
    ['inputs.xs.map(x, x * 2)', [2, 4, 6]],
    ['inputs.xs.filter(x, x > 1).size()', 2],
    ['stages.plan.output.files.exists(f, f.startsWith("ui/"))', true],
    ['stages["code-review"].status == "skipped"', true],
    ['stages["code-review"].output == null', true],
    ['has(stages.plan.output.notes)', false],
    ['has(failure.message)', false],
    ['inputs.risky ? "slow" : "fast"', 'slow'],
    ['"port " + string(run.ports.web)', 'port 4100'],
    ['"abcdef".substring(inputs.n)', 'f'],
    ['"a,b".split(",")', ['a', 'b']],
    ['["a", "b"].join("-")', 'a-b'],
    ['int("42") + 1', 43],
    ['{"list": [matrix.node, "x"], "size": size("abc")}', { list: [20, 'x'], size: 3 }],
  ])('%s', (expression, value) => {
    expect(evaluate(expression, scope)).toEqual(value);
  });

  it.each([
    ['inputs.nam', 'inputs.nam is missing, in "inputs.nam". Did you mean "name"?'],
    [
      'stages.plan.output.titel + "!"',
      'stages.plan.output.titel is missing, in "stages.plan.output.titel + \\"!\\"". Did you mean "title"?',
    ],
    [
      'stages["plan"].output.author',
      'stages["plan"].output.author is missing, in "stages[\\"plan\\"].output.author". There are title, files.',
    ],
    ['inputs.xs[7]', 'inputs.xs[7] is missing, in "inputs.xs[7]".'],
    ['input.n', 'input is not known here, in "input.n". Did you mean "inputs"?'],
    ['output.verdict', 'output is not known here, in "output.verdict". There are inputs, run, stages, matrix.'],
    ['failure.message', 'failure.message is missing, in "failure.message".'],
    ['inputs.n >', 'the expression ends too early, in "inputs.n >".'],
    ['inputs.name + inputs.n', 'there is no string + number, in "inputs.name + inputs.n".'],
    [
      'inputs.name.startWith("a")',
      'there is no function startWith(), in "inputs.name.startWith(\\"a\\")". Did you mean "startsWith"?',
    ],
    ['inputs.name.matches("(a+)+")', 'there is no function matches(), in "inputs.name.matches(\\"(a+)+\\")". '],
    [
      'timestamp("2026-01-01T00:00:00Z")',
      'there is no function timestamp(), in "timestamp(\\"2026-01-01T00:00:00Z\\")".',
    ],
    ['1 / 0', 'gives Infinity, which is no number, in "1 / 0".'],
    ['9007199254740993', '9007199254740993 is too large a number, in "9007199254740993".'],
    ['inputs.constructor', 'inputs.constructor is missing, in "inputs.constructor".'],
    ['inputs.__proto__', 'inputs.__proto__ is missing, in "inputs.__proto__".'],
  ])('%s is refused', (expression, message) => {
    expect(() => evaluate(expression, scope)).toThrow(ExpressionError);
    expect(() => evaluate(expression, scope)).toThrow(message);
  });

  it('is a condition only when it gives true or false', () => {
    expect(evaluateBoolean('inputs.n == 5', scope)).toBe(true);
    expect(() => evaluateBoolean('inputs.n', scope)).toThrow('must be true or false, got 5, in "inputs.n".');
  });

  it('tells where it is wrong', () => {
    const error = (() => {
      try {
        return evaluate('inputs.n == inputs.nope', scope);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ expression: 'inputs.n == inputs.nope', offset: 19 });
  });
});

describe('a length', () => {
  const scope = { inputs: { list: [1, 2], wanted: 2 }, run: {}, stages: {}, matrix: {} };

  it.each([
    ['size(inputs.list) == 2', true],
    ['2 == size(inputs.list)', true],
    ['size(inputs.list) != 2', false],
    ['inputs.list.filter(one, one > 1).size() == 1', true],
    ['inputs.list.size() == inputs.wanted', true],
    ["'abc'.indexOf('b') == 1", true],
  ])('is compared with any number: %s', (expression, value) => {
    expect(evaluate(expression, scope)).toBe(value);
  });
});
