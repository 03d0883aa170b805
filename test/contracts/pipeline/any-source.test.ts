import * as fc from 'fast-check';
import { NAME_PATTERN, nestedRunId, runBranch, slug, stageBranch } from '../../../contracts/ids';
import { checkPipeline, problemText } from '../../../contracts/pipeline';

// Whatever somebody, or a model, hands in as a pipeline: checking it ends with an answer.

const WORDS = [
  ...[
    'name',
    'stages',
    'needs',
    'run',
    'prompt',
    'agent',
    'gate',
    'merge',
    'service',
    'check',
    'pipeline',
    'pipelines',
  ],
  ...[
    'a',
    'b',
    'inputs',
    'output',
    'matrix',
    'on-failure',
    'fix',
    'with',
    'env',
    'attach',
    'contract',
    'files',
    'undo',
  ],
  ...[
    'when',
    'accept',
    'retry',
    'attempts',
    'ports',
    'defaults',
    'mode',
    'type',
    'default',
    '__proto__',
    'constructor',
  ],
];
const TEXTS = [
  ...WORDS,
  ...[
    '{{ inputs.a }}',
    '{{',
    'stages.a.output == 1',
    '5m',
    '../x',
    '/etc',
    '1..',
    'diff',
    'string',
    'a | b',
    '',
    '$(x)',
  ],
];

const leaf = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
  anything: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    leaf,
    fc.array(tie('anything'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...WORDS), fc.string()), tie('anything'), { maxKeys: 6 }),
  ),
}));
const id = fc.constantFrom('a', 'b', 'c', 'a-b', 'a_b');
const stage = fc.dictionary(fc.constantFrom(...WORDS), anything, { maxKeys: 5 });
const nearlyRight = fc.record({
  name: fc.oneof(fc.constant('x'), anything),
  stages: fc.dictionary(id, fc.oneof(stage, fc.record({ run: fc.constantFrom(...TEXTS), needs: fc.array(id) }))),
  pipelines: fc.dictionary(id, fc.record({ stages: fc.dictionary(id, fc.record({ pipeline: id })) })),
});

describe('any source', () => {
  it('is checked to the end: a definition, or problems that can be told', () => {
    fc.assert(
      fc.property(fc.oneof(anything, nearlyRight, fc.anything()), (source) => {
        const checked = checkPipeline(source);
        if ('definition' in checked) {
          expect(JSON.parse(JSON.stringify(checked.definition))).toEqual(checked.definition);
          return;
        }
        expect(checked.problems.length).toBeGreaterThan(0);
        for (const problem of checked.problems) expect(problemText(problem)).toMatch(/[.?!]$/s);
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends also when it holds itself, or is very deep', () => {
    const circle: Record<string, unknown> = { name: 'x' };
    circle['stages'] = circle;
    const deep = Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], 1);
    for (const source of [circle, { name: 'x', stages: { a: { run: 'x', output: deep } } }]) {
      expect(checkPipeline(source)).toMatchObject({
        problems: [{ message: 'the pipeline is too large or nested too deep' }],
      });
    }
  });

  it('reports the same whatever the order of what is wrong', () => {
    const wrong = { run: 5, needs: ['nobody'], timeout: 'soon', rnu: 1 };
    const keys = fc.shuffledSubarray(Object.keys(wrong), { minLength: 4 });
    const messages = (order: readonly string[]) => {
      const stages = { a: Object.fromEntries(order.map((key) => [key, wrong[key as keyof typeof wrong]])) };
      const checked = checkPipeline({ name: 'x', stages });
      return 'problems' in checked ? checked.problems.map(problemText).sort() : [];
    };
    const all = messages(Object.keys(wrong));
    expect(all).toHaveLength(4);
    fc.assert(fc.property(keys, (order) => expect(messages(order)).toEqual(all)));
  });
});

describe('names from a definition', () => {
  const hostile = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.constantFrom(
      '..',
      '.',
      '../../x',
      '-rf',
      '--upload-pack=x',
      'a/b',
      'a b',
      'a;b',
      '$(x)',
      'a:b',
      'a.lock',
      'a~1',
      '@{',
      'é',
    ),
    fc.stringMatching(NAME_PATTERN),
  );

  it('are safe in paths, branches and session names, or refused', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const checked = checkPipeline({
          ...{ name, ports: [name], inputs: { [name]: {} } },
          stages: { [name]: { service: { name, run: 'x' } }, 'other-one': { agent: name, prompt: 'x', task: name } },
        });
        if ('problems' in checked) return expect(NAME_PATTERN.test(name) && slug(name) !== 'other-one').toBe(false);
        const { definition } = checked;
        const names = [definition.name, ...definition.ports, ...definition.stages.map((one) => one.id)];
        for (const one of names) expect(one).toMatch(/^[a-z][a-z0-9_-]{0,39}$/);
        for (const branch of [runBranch('r-1'), stageBranch('r-1', name)])
          expect(branch).toMatch(/^gantry\/[a-z0-9-]+$/);
        expect(nestedRunId('r-1', name)).toMatch(/^r-1\.[a-z0-9-]+$/);
      }),
    );
  });

  it('give every stage a branch of its own', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z][ab_-]{0,5}$/), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(ids, (all) => {
        const checked = checkPipeline({ name: 'x', stages: Object.fromEntries(all.map((one) => [one, { run: 'x' }])) });
        const branches = new Set(all.map((one) => stageBranch('r-1', one)));
        expect('definition' in checked).toBe(true);
        expect(branches.size).toBe(all.length);
      }),
    );
  });

  it('lead to no file outside the workspace', () => {
    const part = fc.constantFrom('..', '.', 'a', '', '/', '\\', 'b.txt', '~', 'C:');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.constantFrom('/', '\\'), (parts, separator) => {
        const file = parts.join(separator);
        const checked = checkPipeline({
          name: 'x',
          stages: { a: { agent: 'codex', prompt: 'x', attach: { file }, contract: { files: file } } },
        });
        if ('problems' in checked) return;
        expect(file.split(/[\\/]/)).not.toContain('..');
        expect(file).not.toMatch(/^[\\/~]|^[A-Za-z]:/);
      }),
    );
  });
});
