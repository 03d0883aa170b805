import {
  ANY,
  BOOLEAN,
  checkCommand,
  checkExpression,
  checkTemplate,
  NUMBER,
  TEXT,
  typeOfShape,
} from '../../../contracts/expressions';
import type { ExpressionEnvironment, TextProblem } from '../../../contracts/expressions';

const output = typeOfShape({
  title: 'string',
  files: ['string'],
  verdict: 'approve | revise',
  steps: [{ text: 'string' }],
  'notes?': 'any',
});
const environment: ExpressionEnvironment = {
  kind: 'object',
  noun: 'name',
  fields: {
    inputs: { kind: 'object', noun: 'input', fields: { n: NUMBER, flag: BOOLEAN, name: TEXT, any: ANY } },
    stages: {
      kind: 'object',
      noun: 'stage',
      fields: {
        plan: { kind: 'object', noun: 'field', fields: { output, status: TEXT } },
        'code-review': { kind: 'object', noun: 'field', fields: { output: ANY } },
      },
      withheld: { deploy: { message: 'stage "deploy" does not end before this one', hint: 'Add "deploy" to needs.' } },
    },
  },
  withheld: { output: { message: 'only accept sees output', hint: 'No.' } },
};

describe('what can be told of an expression beforehand', () => {
  it.each([
    'inputs.n > 3 && inputs.flag',
    'stages.plan.output.files.exists(f, f.startsWith("ui/"))',
    'stages.plan.output.steps.map(s, s.text).size() > 1',
    'stages.plan.output.steps.filter(s, s.text != "")[0].text == "x"',
    'stages.plan.output.verdict == "approve"',
    'has(stages.plan.output.notes) && stages.plan.output.notes.deep.er == 1',
    'stages["code-review"].output.whatever == inputs.any.thing',
    'stages.plan.output.files.all(stages, stages != "")',
    'inputs.flag ? true : inputs.n == 1',
    'inputs.any',
  ])('nothing is wrong with %s', (expression) => {
    expect(checkExpression(expression, environment, 'condition')).toEqual([]);
  });

  it.each<[string, TextProblem]>([
    ['inputs.m > 3', { message: 'there is no input "m"', hint: 'There are n, flag, name, any.', offset: 7 }],
    ['input.n > 3', { message: 'there is no name "input"', hint: 'Did you mean "inputs"?', offset: 0 }],
    ['stages.plna.output', { message: 'there is no stage "plna"', hint: 'Did you mean "plan"?', offset: 7 }],
    [
      'stages.deploy.output',
      { message: 'stage "deploy" does not end before this one', hint: 'Add "deploy" to needs.', offset: 7 },
    ],
    [
      'stages.code-review.output',
      { message: 'there is no stage "code"', hint: 'Write stages["code-review"].', offset: 7 },
    ],
    ['stages["plann"].output == 1', { message: 'there is no stage "plann"', hint: 'Did you mean "plan"?', offset: 7 }],
    ['stages.plan.output.titel', { message: 'there is no field "titel"', hint: 'Did you mean "title"?', offset: 19 }],
    ['stages.plan.output.title.x', { message: 'stages.plan.output.title is text and has no fields', offset: 25 }],
    ['stages.plan.output.files.first', { message: 'stages.plan.output.files is a list and has no fields', offset: 25 }],
    ['inputs.name[0] == "x"', { message: 'inputs.name is text and has no fields', offset: 0 }],
    [
      'stages.plan.output.steps.exists(s, s.txt == "")',
      { message: 'there is no field "txt"', hint: 'Did you mean "text"?', offset: 37 },
    ],
    [
      'has(stages.plan.output.nots)',
      { message: 'there is no field "nots"', hint: 'Did you mean "notes"?', offset: 23 },
    ],
    [
      'stages.plan.output.verdict == "aprove"',
      {
        message: 'stages.plan.output.verdict is never "aprove" but one of approve, revise',
        hint: 'Did you mean "approve"?',
        offset: 30,
      },
    ],
    ['output.x == 1', { message: 'only accept sees output', hint: 'No.', offset: 0 }],
    ['inputs.n', { message: 'must be true or false', offset: 0 }],
    ['inputs.n + 1', { message: 'must be true or false', offset: 0 }],
    ['"x"', { message: 'must be true or false', offset: 0 }],
    ['inputs.n == ', { message: 'the expression ends too early', offset: 12 }],
    ['inputs.n = 1', { message: 'unexpected character: =', offset: 9 }],
    ['"a" + 1 == "a1"', { message: 'there is no string + number', offset: 0 }],
    [
      'inputs.name.startWith("x")',
      { message: 'there is no function startWith()', hint: 'Did you mean "startsWith"?', offset: 0 },
    ],
    [
      '{{ inputs.flag }}',
      { message: 'an expression stands here, without {{ }}', hint: 'Leave out the braces.', offset: 0 },
    ],
  ])('%s', (expression, problem) => {
    const [first] = checkExpression(expression, environment, 'condition');
    expect(first).toEqual(problem);
  });

  it('counts from the start of a template', () => {
    const found = checkTemplate('Plan {{ inputs.nam }} of {{ inputs.n }} {{ stages.pln }}', environment);
    expect(found.map(({ offset, hint }) => [offset, hint])).toEqual([
      [15, 'Did you mean "name"?'],
      [50, 'Did you mean "plan"?'],
    ]);
  });

  it('looks at where a value stands in a command, once its expressions are right', () => {
    expect(checkCommand('echo {{ inputs.name }}', environment)).toEqual([]);
    expect(checkCommand('echo $(({{ inputs.n }}))', environment)).toMatchObject([{ offset: 10 }]);
    expect(checkCommand('echo $(({{ inputs.m }}))', environment)).toMatchObject([{ message: 'there is no input "m"' }]);
  });
});
