import fc from 'fast-check';
import type { LearnedProfile, ProfileSample } from '../../../contracts/profiles';
import { detailsOf } from '../../../workflows/profiles/details';
import { DEFAULT_LIMITS, MEMORY, learnFrom, profileOf } from '../../../workflows/profiles/learn';
import { readSamples } from '../../../workflows/profiles/read-samples';

const sample = (more: Partial<ProfileSample> = {}): ProfileSample => ({
  task: 'code',
  provider: 'openai',
  model: 'gpt',
  ok: true,
  ...more,
});
const learn = (samples: readonly ProfileSample[], known: readonly LearnedProfile[] = [], now = 1) =>
  learnFrom(known, samples, now, DEFAULT_LIMITS);
const only = (samples: readonly ProfileSample[]) => profileOf(learn(samples)[0]!);

describe('a profile', () => {
  it('is the plain average of the first calls', () => {
    expect(
      only([
        sample({ latencyMs: 1_000, costNano: 10 }),
        sample({ latencyMs: 2_000, costNano: 20 }),
        sample({ latencyMs: 6_000 }),
        sample({ ok: false }),
      ]),
    ).toEqual({
      ...{ task: 'code', provider: 'openai', model: 'gpt' },
      ...{ calls: 4, failureRate: 0.25, latencyMs: 3_000, costNano: 15 },
    });
  });

  it('weighs newer calls more: what changed is known by it after some dozens of calls', () => {
    const before = Array.from({ length: 1_000 }, () => sample({ latencyMs: 1_000 }));
    const after = Array.from({ length: 3 * MEMORY }, () => sample({ latencyMs: 9_000 }));
    expect(only([...before, ...after]).latencyMs).toBeGreaterThan(8_500);
    expect(only([...before, ...after.slice(0, 3)]).latencyMs).toBeLessThan(3_000);
  });

  it('knows nothing of the time of a model that never answered', () => {
    const failed = only([sample({ ok: false, latencyMs: 60_000, costNano: 5 }), sample({ ok: false })]);
    expect(failed).toMatchObject({ calls: 2, failureRate: 1, costNano: 5 });
    expect(failed).not.toHaveProperty('latencyMs');
  });

  it('does not count a call again when its quality is told later', () => {
    const known = only([
      sample({ latencyMs: 10 }),
      sample({ ok: false }),
      sample({ quality: 1 }),
      sample({ quality: 0.5 }),
    ]);
    expect(known).toMatchObject({ calls: 2, failureRate: 0.5, quality: 0.75, latencyMs: 10 });
  });

  it('is of one task, provider and model', () => {
    const known = learn([
      sample({ model: 'a/b', provider: 'x' }),
      sample({ model: 'b', provider: 'x' }),
      sample({ task: 'plan' }),
      sample(),
      sample(),
    ]);
    expect(known.map(({ task, provider, model, calls }) => [task, provider, model, calls])).toEqual([
      ['code', 'openai', 'gpt', 2],
      ['code', 'x', 'a/b', 1],
      ['code', 'x', 'b', 1],
      ['plan', 'openai', 'gpt', 1],
    ]);
  });

  it('gives way when there are too many and nobody spoke of it for longest', () => {
    const few = { ...DEFAULT_LIMITS, profiles: 2 };
    let known = learnFrom([], [sample({ model: 'old' })], 1, few);
    known = learnFrom(known, [sample({ model: 'aged' })], 2, few);
    known = learnFrom(known, [sample({ model: 'old' })], 3, few);
    known = learnFrom(known, [sample({ model: 'new' })], 4, few);
    expect(known.map(({ model, calls }) => [model, calls])).toEqual([
      ['new', 1],
      ['old', 2],
    ]);
  });
});

describe('what is learned, whatever is told', () => {
  const samples = fc.array(
    fc.record(
      {
        task: fc.constantFrom('code', 'plan'),
        provider: fc.constantFrom('a', 'b'),
        model: fc.constantFrom('m', 'n'),
        ok: fc.boolean(),
        latencyMs: fc.nat(100_000),
        costNano: fc.nat(1e9),
        quality: fc.double({ min: 0, max: 1, noNaN: true }),
      },
      { requiredKeys: ['task', 'provider', 'model', 'ok'] },
    ),
    { maxLength: 60 },
  );

  it('lies between the least and the most that was told, and is bounded and in order', () => {
    fc.assert(
      fc.property(samples, (told) => {
        const known = learn(told);
        expect(known.length).toBeLessThanOrEqual(8);
        for (const one of known) {
          const own = told.filter(
            ({ task, provider, model }) => task === one.task && provider === one.provider && model === one.model,
          );
          const latencies = own.flatMap(({ ok, latencyMs }) => (ok && latencyMs !== undefined ? [latencyMs] : []));
          expect(one.latencyMs === undefined).toBe(latencies.length === 0);
          if (one.latencyMs !== undefined) {
            expect(one.latencyMs).toBeGreaterThanOrEqual(Math.min(...latencies));
            expect(one.latencyMs).toBeLessThanOrEqual(Math.max(...latencies));
          }
          expect(one.failureRate).toBeGreaterThanOrEqual(0);
          expect(one.failureRate).toBeLessThanOrEqual(1);
          expect(one.calls).toBeLessThanOrEqual(own.length);
        }
      }),
    );
  });

  it('is the same in one signal or in many', () => {
    fc.assert(
      fc.property(samples, fc.nat(60), (told, cut) => {
        const inTwo = learn(told.slice(cut), learn(told.slice(0, cut)));
        expect(inTwo).toEqual(learn(told));
      }),
    );
  });
});

describe('a signal', () => {
  it.each([
    ['nothing', undefined],
    ['a word', 'learn'],
    ['one sample outside a list', sample()],
    ['samples without a name', [sample({ task: '' }), { ...sample(), model: 7 }, null, 'x']],
    ['a name that is too long', [sample({ model: 'x'.repeat(201) })]],
    ['a sample that does not say how it went', [{ ...sample(), ok: 'yes' }]],
  ])('that holds %s teaches nothing', (_what, sent) => {
    expect(readSamples(sent)).toEqual([]);
  });

  it('is read for what makes sense in it', () => {
    const strange = { ...sample(), latencyMs: -1, costNano: Number.NaN, quality: 1.5, more: 'than asked' };
    expect(readSamples([null, strange, sample({ quality: 1, latencyMs: 0 })])).toEqual([
      sample(),
      sample({ quality: 1, latencyMs: 0 }),
    ]);
    expect(readSamples(Array.from({ length: 501 }, () => sample()))).toHaveLength(500);
  });
});

it('the Web UI shows a table of what was learned', () => {
  const known = [...learn([sample({ model: 'a|b', latencyMs: 1_500, costNano: 2_000_000, quality: 0.8 })])];
  expect(detailsOf('acme', known).split('\n')).toEqual([
    '## What was learned of models: acme',
    '',
    '| task | model | calls | failed | latency | cost | quality |',
    '|---|---|---|---|---|---|---|',
    '| code | openai/a\\|b | 1 | 0 % | 1.5 s | $0.002000 | 80 % |',
  ]);
  expect(
    detailsOf(
      'acme',
      Array.from({ length: 53 }, () => known[0]!),
    )
      .split('\n')
      .at(-1),
  ).toBe('… and 3 more');
});
