import type { InputDeclaration } from '../../../contracts/definition';
import type { Json } from '../../../contracts/json';
import { checkInputs, problemText } from '../../../contracts/pipeline';

const declared: Record<string, InputDeclaration> = {
  request: { type: 'string', description: 'What to make' },
  depth: { type: 'integer', default: 3 },
  share: { type: 'number', default: 0.5 },
  risky: { type: 'boolean', default: false },
  extra: { type: 'any', default: 'none' },
};

describe('the inputs of a run', () => {
  it('are what was given, and the defaults of the others', () => {
    expect(check({ request: 'x', depth: '5' })).toEqual({
      inputs: { request: 'x', depth: 5, share: 0.5, risky: false, extra: 'none' },
    });
  });

  it.each<[string, Json, Json]>([
    ['request', '5', '5'],
    ['request', '', ''],
    ['depth', '-7', -7],
    ['depth', 7, 7],
    ['share', '1e3', 1_000],
    ['share', '.5', 'must be a number, got ".5"'],
    ['share', '', 'must be a number, got ""'],
    ['share', '0x10', 'must be a number, got "0x10"'],
    ['depth', '1.5', 'must be a whole number, got "1.5"'],
    ['depth', '9007199254740993', 'must be a whole number, got "9007199254740993"'],
    ['depth', true, 'must be a whole number, got true'],
    ['risky', 'true', true],
    ['risky', false, false],
    ['risky', 'yes', 'must be true or false, got "yes"'],
    ['request', 5, 'must be text, got 5'],
    ['extra', '[1, 2]', [1, 2]],
    ['extra', 'not json', 'not json'],
    ['extra', { a: 1 }, { a: 1 }],
  ])('%s=%j is %j', (name, given, outcome) => {
    const checked = check({ request: 'x', [name]: given });
    if ('inputs' in checked) expect(checked.inputs[name]).toEqual(outcome);
    else expect(checked.problems.map(problemText)).toEqual([`input "${name}" ${outcome as string}.`]);
  });

  it('are refused all at once', () => {
    const checked = check({ reqest: 'x', depth: 'many' });
    expect('problems' in checked && checked.problems.map(problemText)).toEqual([
      'feature has no input "reqest". Did you mean "request"?',
      'input "request" is missing. Give it with --input request=text (What to make).',
      'input "depth" must be a whole number, got "many".',
    ]);
  });

  it('are none where none is declared', () => {
    expect(checkInputs({ name: 'x', inputs: {} }, {})).toEqual({ inputs: {} });
    const checked = checkInputs({ name: 'x', inputs: {} }, { toString: '1' });
    expect('problems' in checked && checked.problems.map(problemText)).toEqual([
      'x has no input "toString". It takes none.',
    ]);
  });
});

function check(given: Record<string, Json>) {
  return checkInputs({ name: 'feature', inputs: declared }, given);
}
