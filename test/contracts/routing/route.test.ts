import type { Standing } from '../../../contracts/breakers';
import type { Trial } from '../../../contracts/models';
import { toNano } from '../../../contracts/money';
import type { RouteFacts } from '../../../contracts/routing/facts';
import { route } from '../../../contracts/routing/route';
import { nobodyTakesIt, retryAtOf } from '../../../contracts/routing/tell';
import { NOW, factsOf, learned, order, provider, request } from '../../support/routing-facts';

const price = (input: number) => ({ '*': { input, output: 0 } });
const A = provider('a', ['m'], { prices: price(9), tags: ['us'] });
const B = provider('b', ['m'], { prices: price(3), tags: ['eu'] });
const C = provider('c', ['m'], { prices: price(6), tags: ['eu', 'local'] });
const DARK = provider('dark', ['m']);
const FREE = provider('free', ['m'], { protocol: 'ollama', tags: ['local'] });

const later = NOW + 60_000;
const standings = (all: Record<string, Partial<Standing>>): RouteFacts['standings'] =>
  new Map(Object.entries(all).map(([name, one]) => [name, { state: 'closed', generation: 1, ...one }]));
const failed = (name: string, more: Partial<Trial> = {}): Trial => ({
  provider: name,
  model: 'm',
  failures: 1,
  lastType: 'Provider.ServerError',
  message: 'broke',
  final: false,
  ...more,
});
const prefer = (preference: 'cost' | 'latency' | 'quality', chain = ['a', 'b', 'c', 'dark', 'free']) => ({
  routes: [{ chain, prefer: preference }],
});
const EVERYBODY = [A, B, C, DARK, FREE];

describe('a preference', () => {
  it('for cost goes by price until all that have one have taught something; an unknown price is last', () => {
    expect(order(factsOf(EVERYBODY, prefer('cost')))).toEqual(['free/m', 'b/m', 'c/m', 'a/m', 'dark/m']);
    const some = [learned('a/m', { costNano: 1 })];
    expect(order(factsOf(EVERYBODY, prefer('cost'), { profiles: some }))[1]).toBe('b/m');
    const all = [...some, learned('b/m', { costNano: 3 }), learned('c/m', { costNano: 2 })];
    expect(order(factsOf(EVERYBODY, prefer('cost'), { profiles: all }))).toEqual([
      'free/m',
      'a/m',
      'c/m',
      'b/m',
      'dark/m',
    ]);
  });

  it('for latency and quality goes by what was learned of this kind of task; the unknown come after, as named', () => {
    const profiles = [
      learned('c/m', { task: 'code', latencyMs: 900, quality: 0.7 }),
      learned('b/m', { task: 'code', latencyMs: 800, quality: 0.2 }),
      learned('a/m', { task: 'plan', latencyMs: 1, quality: 1 }),
      learned('dark/m', { task: 'code', latencyMs: 5_000 }),
    ];
    const fast = factsOf(EVERYBODY, prefer('latency'), { profiles });
    expect(order(fast, { task: 'code' })).toEqual(['b/m', 'c/m', 'dark/m', 'a/m', 'free/m']);
    const good = factsOf(EVERYBODY, prefer('quality'), { profiles });
    expect(order(good, { task: 'code' })).toEqual(['c/m', 'b/m', 'a/m', 'dark/m', 'free/m']);
    expect(order(good)).toEqual(['a/m', 'b/m', 'c/m', 'dark/m', 'free/m']);
  });

  it('does not count what was learned of a few calls', () => {
    const profiles = [learned('c/m', { latencyMs: 1, calls: 4 }), learned('b/m', { latencyMs: 9_000, calls: 5 })];
    expect(order(factsOf([A, B, C], prefer('latency', ['a', 'b', 'c']), { profiles }))).toEqual(['b/m', 'a/m', 'c/m']);
  });

  it('says why in plain words', () => {
    const profiles = [learned('b/m', { latencyMs: 1_234, calls: 31 })];
    const { candidates } = route(request(), factsOf([A, B], prefer('latency', ['a', 'b']), { profiles }));
    expect(candidates.map(({ reasons }) => reasons[0])).toEqual([
      'answers in 1.2 s, learned from 31 calls',
      'nobody knows how fast it answers yet',
    ]);
    const { candidates: byPrice } = route(request(), factsOf(EVERYBODY, prefer('cost')));
    expect(byPrice.map(({ reasons }) => reasons[0])).toEqual([
      'costs nothing',
      'costs $0.003000 at most, by its price',
      'costs $0.006000 at most, by its price',
      'costs $0.009000 at most, by its price',
      'nobody knows its price yet',
    ]);
  });
});

describe('an estimate', () => {
  const dear = provider('dear', ['m'], { prices: { m: { input: 1, output: 1_000 } } });
  const estimate = (facts: RouteFacts, more = {}) => route(request({ inputTokens: 0, ...more }), facts).candidates[0];

  it('is of the longest answer: that asked for, else that of the provider, else some thousand tokens', () => {
    expect(estimate(factsOf([dear]), { maxOutputTokens: 7 })?.estimateNano).toBe(toNano(0.007));
    expect(estimate(factsOf([{ ...dear, maxOutput: 50 }]))?.estimateNano).toBe(toNano(0.05));
    expect(estimate(factsOf([dear]))?.estimateNano).toBe(toNano(4.096));
  });

  it('is of as long an answer as an Anthropic is asked for where nobody says', () => {
    expect(estimate(factsOf([{ ...dear, protocol: 'anthropic' }]))?.estimateNano).toBe(toNano(16));
  });

  it('that nobody knows keeps a model from being asked where budgets are kept', () => {
    const budgets = { limits: {}, teams: {}, over: 'stop', 'alert-at': 80 } as const;
    const { candidates, rejected } = route(request(), factsOf([DARK, dear], { budgets }));
    expect(candidates).toMatchObject([{ provider: 'dear' }]);
    expect(rejected).toMatchObject([{ kind: 'budget', reason: expect.stringContaining('set its prices') as string }]);
    expect(order(factsOf([DARK, dear]))).toHaveLength(2);
  });

  it('is nothing for what is free, and absent where nobody knows', () => {
    expect(estimate(factsOf([FREE]))).toMatchObject({ estimateNano: 0, free: true });
    expect(estimate(factsOf([DARK]))).not.toHaveProperty('estimateNano');
    expect(estimate(factsOf([DARK]))).toMatchObject({ free: false });
  });
});

describe('policies', () => {
  const policy = (more: object, mode: 'HARD' | 'SOFT' | 'MONITOR' = 'HARD') => ({
    policies: [{ name: 'rule', mode, ...more }],
  });

  it.each([
    ['only some are allowed, by name or tag', { allow: ['eu', 'a'] }, ['a/m', 'b/m', 'c/m'], 'only eu, a may be asked'],
    ['some are denied, by name or tag', { deny: ['dark', 'local'] }, ['a/m', 'b/m'], 'local may not be asked'],
    ['nobody is allowed', { allow: [] }, [], 'only nobody may be asked'],
    [
      'a call may not cost more, and an unknown price may be any',
      { 'max-cost': toNano(0.006) },
      ['b/m', 'c/m', 'free/m'],
      'nobody knows its price, and $0.006000 is the most',
    ],
  ])('%s', (_what, more, expected, message) => {
    const facts = factsOf(EVERYBODY, policy(more));
    expect(order(facts)).toEqual(expected);
    const { rejected, findings } = route(request(), facts);
    expect(findings.map((one) => one.message)).toContain(message);
    expect(rejected.map(({ kind }) => kind)).toEqual(rejected.map(() => 'policy'));
    expect(rejected.map(({ reason }) => reason)).toContain(`policy rule (HARD): ${message}`);
    expect(retryAtOf(rejected)).toBeUndefined();
  });

  it('an answer may not take longer, by what was learned; of whom nothing is known may be asked', () => {
    const profiles = [learned('a/m', { latencyMs: 20_000 }), learned('b/m', { latencyMs: 19_999 })];
    const facts = factsOf([A, B, C], policy({ 'max-latency': 20_000 }), { profiles });
    expect(order(facts)).toEqual(['b/m', 'c/m']);
    expect(route(request(), facts).findings).toEqual([
      {
        provider: 'a',
        model: 'm',
        policy: 'rule',
        mode: 'HARD',
        message: 'answers in 20 s, and it must be less than 20 s',
      },
    ]);
  });

  it('SOFT: only where nobody else is left, and then before nobody at all', () => {
    const facts = (more: Partial<RouteFacts> = {}) => factsOf([A, B, C], policy({ deny: ['us'] }, 'SOFT'), more);
    expect(order(facts())).toEqual(['b/m', 'c/m', 'a/m']);
    const others = standings({ b: { state: 'open', until: later }, c: { state: 'isolated' } });
    expect(order(facts({ standings: others }))).toEqual(['a/m']);
    const worn = [failed('b', { failures: 9 }), failed('c', { failures: 9 })];
    expect(order(facts({ trials: worn })).at(-1)).toBe('a/m');
    expect(route(request(), facts()).candidates.at(-1)?.reasons[0]).toBe(
      'only where nobody else is left: policy rule (SOFT): us may not be asked',
    );
  });

  it('MONITOR: told, and nothing else', () => {
    const facts = factsOf([A, B, C], policy({ deny: ['a', 'us'] }, 'MONITOR'));
    expect(order(facts)).toEqual(['a/m', 'b/m', 'c/m']);
    const { candidates, findings } = route(request(), facts);
    expect(findings).toEqual([
      { provider: 'a', model: 'm', policy: 'rule', mode: 'MONITOR', message: 'a, us may not be asked' },
    ]);
    expect(candidates[0]?.reasons).toContain('told only: policy rule (MONITOR): a, us may not be asked');
  });

  it('are for their own tasks, projects and teams', () => {
    const facts = factsOf([A, B], policy({ deny: ['a'], task: ['secret'], project: ['web'] }));
    expect(order(facts, { task: 'secret', project: 'web' })).toEqual(['b/m']);
    expect(order(facts, { task: 'secret' })).toEqual(['a/m', 'b/m']);
  });

  it('find what a single candidate breaks one by one', () => {
    const policies = [
      { name: 'one', mode: 'MONITOR', deny: ['a'], 'max-cost': 0 },
      { name: 'two', mode: 'HARD', allow: ['eu'] },
    ] as const;
    const { findings } = route(request(), factsOf([A], { policies: policies.map((one) => ({ ...one })) as never }));
    expect(findings.map((one) => [one.policy, one.message])).toEqual([
      ['one', 'a may not be asked; may cost $0.009000, and $0.00 is the most'],
      ['two', 'only eu may be asked'],
    ]);
  });
});

describe('breakers', () => {
  const facts = (all: Record<string, Partial<Standing>>, config = {}) =>
    factsOf([A, B], config, { standings: standings(all) });

  it('that are open, isolated or being tried take no call, and say until when', () => {
    const { candidates, rejected } = route(
      request(),
      factsOf(
        EVERYBODY,
        {},
        {
          standings: standings({
            a: { state: 'open', until: later, why: 'Provider.Overloaded: busy' },
            b: { state: 'isolated', why: 'isolated by ada' },
            c: { state: 'half-open', until: later + 1 },
            free: { state: 'closed', failures: 2 },
          }),
        },
      ),
    );
    expect(candidates.map((one) => one.provider)).toEqual(['dark', 'free']);
    expect(rejected).toEqual([
      {
        provider: 'a',
        model: 'm',
        kind: 'breaker',
        reason: 'the breaker of a is open (Provider.Overloaded: busy)',
        retryAt: later,
      },
      { provider: 'b', model: 'm', kind: 'breaker', reason: 'the breaker of b is isolated (isolated by ada)' },
      { provider: 'c', model: 'm', kind: 'breaker', reason: 'somebody is just trying c', retryAt: later + 1 },
    ]);
    expect(retryAtOf(rejected)).toBe(later);
  });

  it('that are half-open want a probe, and keep their place, or they would never close', () => {
    const half = facts({ a: { state: 'half-open' } });
    expect(order(half)).toEqual(['a/m', 'b/m']);
    expect(route(request(), half).candidates.map((one) => one.needsProbe)).toEqual([true, undefined]);
  });

  it('that are half-open come last among those that are liked alike', () => {
    const half = facts({ a: { state: 'half-open' } }, prefer('latency', ['a', 'b']));
    expect(order(half)).toEqual(['b/m', 'a/m']);
  });

  it('are half-open when their time is over, though nobody has looked yet', () => {
    for (const over of [{ a: { state: 'open', until: NOW } }, { a: { state: 'half-open', until: NOW } }] as const) {
      expect(route(request(), facts(over)).candidates[0]).toMatchObject({ provider: 'a', needsProbe: true });
    }
  });

  it('of a model count beside those of its provider, and the one that lasts longer decides', () => {
    const one = facts({ 'a/m': { state: 'open', until: later } });
    expect(order(one)).toEqual(['b/m']);
    expect(order(one, { model: 'a/other' })).toEqual(['a/other']);
    const both = facts({ a: { state: 'open', until: later + 5 }, 'a/m': { state: 'open', until: later } });
    expect(route(request(), both).rejected[0]).toMatchObject({ retryAt: later + 5 });
    const never = facts({ a: { state: 'open', until: later }, 'a/m': { state: 'isolated' } });
    expect(route(request(), never).rejected[0]).not.toHaveProperty('retryAt');
    const half = facts({ a: { state: 'half-open' }, 'a/m': { state: 'open', until: later } });
    expect(order(half)).toEqual(['b/m']);
  });
});

describe('calls made before for the same answer', () => {
  const next = (trials: readonly Trial[], more: Partial<RouteFacts> = {}) =>
    order(factsOf([A, B], {}, { trials, ...more }))[0];

  it('go round while all fail in passing: a, b, a, b', () => {
    expect(next([])).toBe('a/m');
    expect(next([failed('a')])).toBe('b/m');
    expect(next([failed('a'), failed('b')])).toBe('a/m');
    expect(next([failed('a', { failures: 2 }), failed('b')])).toBe('b/m');
  });

  it('leave out whose failure was final, and end when nobody is left', () => {
    expect(next([failed('a', { final: true }), failed('b', { failures: 3 })])).toBe('b/m');
    const none = [failed('a', { final: true }), failed('b', { final: true, notBefore: later })];
    expect(next(none)).toBeUndefined();
    const { rejected } = route(request(), factsOf([A, B], {}, { trials: none }));
    expect(rejected[0]).toEqual({
      provider: 'a',
      model: 'm',
      kind: 'tried',
      reason: 'would fail again: Provider.ServerError: broke',
    });
    expect(retryAtOf(rejected)).toBeUndefined();
  });

  it('let others go before one that wants to be left alone', () => {
    expect(next([failed('a', { notBefore: later }), failed('b', { failures: 3 })])).toBe('b/m');
    expect(next([failed('a', { notBefore: NOW }), failed('b')])).toBe('a/m');
    const both = [failed('a', { notBefore: later + 9 }), failed('b', { notBefore: later })];
    expect(next(both)).toBeUndefined();
    expect(retryAtOf(route(request(), factsOf([A, B], {}, { trials: both })).rejected)).toBe(later);
  });

  it('are not waited for longer than the breaker, nor less', () => {
    const trials = [failed('a', { notBefore: later })];
    const rejected = (until: number) =>
      route(request(), factsOf([A], {}, { trials, standings: standings({ a: { state: 'open', until } }) })).rejected;
    expect(rejected(later + 1)).toMatchObject([{ kind: 'breaker', retryAt: later + 1 }]);
    expect(rejected(later - 1)).toMatchObject([{ kind: 'tried', retryAt: later }]);
  });
});

describe('a budget with nothing left', () => {
  const facts = (budgets: object, more: Partial<RouteFacts> = {}) =>
    factsOf(
      EVERYBODY,
      { budgets: { over: 'local', ...budgets } as never, chains: { home: ['free', 'c'] } },
      {
        freeOnly: true,
        ...more,
      },
    );

  it('asks only who costs nothing, also where somebody else was asked for by name', () => {
    expect(order(facts({}))).toEqual(['free/m']);
    expect(order(facts({}), { model: 'a/m' })).toEqual(['free/m']);
    const { rejected, by } = route(request({ model: 'a' }), facts({}));
    expect(rejected).toEqual([
      {
        provider: 'a',
        model: 'm',
        kind: 'budget',
        reason: 'the budget has nothing left, and it is not known to cost nothing',
      },
    ]);
    expect(by).toBe('asked for by name; the budget has nothing left');
  });

  it('asks whom it names for that first, by name or chain, whoever is preferred', () => {
    const tiny = provider('tiny', ['x', 'y'], { prices: { '*': 'free' } });
    const named = (local: string) =>
      factsOf(
        [FREE, tiny, A],
        { budgets: { local, over: 'local' } as never, chains: { home: ['tiny/y', 'a'] } },
        {
          freeOnly: true,
        },
      );
    expect(order(named('tiny'))).toEqual(['tiny/x', 'free/m']);
    expect(order(named('home'))).toEqual(['tiny/y', 'free/m', 'tiny/x']);
    expect(order(named('home'), { model: 'a' })).toEqual(['tiny/y']);
    expect(route(request(), named('home')).candidates[0]?.reasons[0]).toBe('answers where the budget has nothing left');
  });

  it('does not ask who is not there', () => {
    expect(route(request(), facts({ local: 'gone' })).rejected.at(-1)).toMatchObject({ provider: 'gone', model: '*' });
  });

  it('is not thought of while there is money', () => {
    expect(order(facts({ local: 'free' }, { freeOnly: false }))[0]).toBe('a/m');
  });
});

describe('a last resort', () => {
  const open = (until: number) => ({ state: 'open', why: 'down', until, generation: 1 }) as const;
  const facts = (more: Partial<RouteFacts> = {}, config: Partial<RouteFacts['config']> = {}) =>
    factsOf([A, B, FREE], { chains: { default: ['a', 'b'] }, lastResort: 'free', ...config }, more);
  const bothOpen = new Map([
    ['a', open(NOW + 60_000)],
    ['b', open(NOW + 90_000)],
  ]);

  it('answers where everybody else is out of order, at once for who cannot wait', () => {
    const { candidates, rejected } = route(request(), facts({ standings: bothOpen }));
    expect(candidates).toMatchObject([
      { provider: 'free', model: 'm', reasons: ['answers where everybody else is out of order', 'named as number 3'] },
    ]);
    expect(rejected.map(({ provider, retryAt }) => [provider, retryAt])).toEqual([
      ['a', NOW + 60_000],
      ['b', NOW + 90_000],
    ]);
    expect(order(facts({ standings: bothOpen }), { model: 'a/m' })).toEqual(['free/m']);
  });

  it('does not answer while the first of the others can be waited for', () => {
    expect(order(facts({ standings: bothOpen }), { waitsUntil: NOW + 60_000 })).toEqual([]);
    expect(order(facts({ standings: bothOpen }), { waitsUntil: NOW + 59_999 })).toEqual(['free/m']);
    expect(order(facts())).toEqual(['a/m', 'b/m']);
  });

  it('answers where the others have failed for good for this very answer', () => {
    const trial = { model: 'm', failures: 1, lastType: 'Provider.Auth' as const, message: 'no', final: true };
    const trials = ['a', 'b'].map((name) => ({ ...trial, provider: name }));
    expect(order(facts({ trials }))).toEqual(['free/m']);
  });

  it('is no way round a policy, a context or a key, and has a breaker of its own', () => {
    const policies = [{ name: 'away', mode: 'HARD' as const, deny: ['a', 'b'] }];
    expect(order(facts({}, { policies }))).toEqual([]);
    const denied = [{ name: 'not-here', mode: 'HARD' as const, deny: ['free'] }];
    expect(order(facts({ standings: bothOpen }, { policies: denied }))).toEqual([]);
    expect(order(facts({ standings: bothOpen, allowed: ['a', 'b'] }))).toEqual([]);
    expect(order(facts({ standings: new Map([...bothOpen, ['free', open(NOW + 1)]]) }))).toEqual([]);
  });

  it('that is not enabled is told', () => {
    const { candidates, rejected } = route(request(), facts({ standings: bothOpen }, { lastResort: 'gone' }));
    expect(candidates).toEqual([]);
    expect(rejected.at(-1)).toMatchObject({ provider: 'gone', kind: 'unsuited' });
  });
});

describe('what does not suit', () => {
  it('is a prompt and answer longer than the context', () => {
    const small = provider('small', ['m'], { maxContext: 10_000, maxOutput: 1_000 });
    const facts = factsOf([small, A]);
    expect(order(facts, { inputTokens: 9_000 })).toEqual(['small/m', 'a/m']);
    expect(order(facts, { inputTokens: 9_001 })).toEqual(['a/m']);
    expect(route(request({ inputTokens: 9_000, maxOutputTokens: 1_001 }), facts).rejected).toEqual([
      {
        provider: 'small',
        model: 'm',
        kind: 'unsuited',
        reason: 'about 9000 tokens of prompt and 1001 of answer do not fit its context of 10000',
      },
    ]);
  });

  it.each([
    ['a provider', ['a'], ['a/m']],
    ['a model at a provider', ['b/m'], ['b/m']],
    ['a model anywhere', ['m'], ['a/m', 'b/m', 'c/m']],
    ['a chain', ['some'], ['a/m', 'c/m']],
    ['nothing', [], []],
    ['what is not there', ['gone'], []],
  ])('is what a key does not allow, which allows %s', (_what, allowed, expected) => {
    const facts = factsOf([A, B, C], { chains: { some: ['c', 'a'] } }, { allowed });
    expect(order(facts)).toEqual(expected);
    expect(route(request(), facts).rejected.every(({ kind }) => kind === 'unsuited')).toBe(true);
  });
});

describe('what is told of a route', () => {
  const facts = factsOf(
    [A, B, C],
    {},
    {
      trials: [failed('b', { final: true })],
      standings: standings({ a: { state: 'open', until: later }, c: { state: 'open', until: later + 1 } }),
    },
  );

  it('in one sentence with every reason and time', () => {
    expect(nobodyTakesIt(route(request(), facts).rejected)).toBe(
      'No model provider takes the request now: a/m: the breaker of a is open, until 2026-11-21T12:01:00.000Z; ' +
        'b/m: would fail again: Provider.ServerError: broke; ' +
        'c/m: the breaker of c is open, until 2026-11-21T12:01:00.001Z.',
    );
    expect(nobodyTakesIt([])).toBe('No model provider takes the request: nobody is meant by it.');
  });
});
