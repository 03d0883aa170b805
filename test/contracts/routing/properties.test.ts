import fc from 'fast-check';
import type { ConfiguredProvider } from '../../../contracts/config/model-config';
import { candidateKey } from '../../../contracts/models';
import type { RouteFacts } from '../../../contracts/routing/facts';
import { whoIsMeant } from '../../../contracts/routing/meant';
import { route } from '../../../contracts/routing/route';
import { PREFERENCES } from '../../../contracts/schemas/config/routes';
import { NOW, factsOf, learned, provider, request } from '../../support/routing-facts';

// What holds for every request, whatever is configured and known.

const NAMES = ['a', 'b', 'c', 'd'] as const;
const KEYS = NAMES.flatMap((name) => [`${name}/m`, `${name}/n`]);
const TAGS = ['eu', 'us', 'local'] as const;

const aProvider = (name: string): fc.Arbitrary<ConfiguredProvider> =>
  fc
    .record({
      tags: fc.subarray([...TAGS]),
      standIn: fc.boolean(),
      free: fc.boolean(),
      price: fc.option(fc.nat(20), { nil: undefined }),
      maxContext: fc.option(fc.constantFrom(8_192, 100_000), { nil: undefined }),
    })
    .map(({ price, free, maxContext, ...rest }) =>
      provider(name, ['m', 'n'], {
        ...rest,
        ...(maxContext !== undefined && { maxContext }),
        prices: free ? { '*': 'free' } : price === undefined ? {} : { '*': { input: price, output: price } },
      }),
    );

const words = fc.subarray([...NAMES, ...TAGS]);
const policies = fc.array(
  fc.record(
    {
      name: fc.constantFrom('p', 'q', 'r'),
      mode: fc.constantFrom('HARD', 'SOFT', 'MONITOR'),
      allow: words,
      deny: words,
      'max-cost': fc.nat(200_000_000),
      'max-latency': fc.nat(3_000),
    },
    { requiredKeys: ['name', 'mode'] },
  ),
  { maxLength: 3 },
);
const someStandings = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom(...NAMES, ...KEYS),
    fc.record(
      {
        state: fc.constantFrom('closed', 'open', 'half-open', 'isolated'),
        until: fc.integer({ min: NOW - 5, max: NOW + 5 }),
        generation: fc.constant(1),
      },
      { requiredKeys: ['state', 'generation'] },
    ),
  ),
  { selector: ([name]) => name, maxLength: 6 },
);
const trials = fc.uniqueArray(
  fc.record(
    {
      provider: fc.constantFrom(...NAMES),
      model: fc.constantFrom('m', 'n'),
      failures: fc.integer({ min: 1, max: 3 }),
      lastType: fc.constant('Provider.Timeout' as const),
      message: fc.constant('late'),
      final: fc.boolean(),
      notBefore: fc.integer({ min: NOW - 5, max: NOW + 5 }),
    },
    { requiredKeys: ['provider', 'model', 'failures', 'lastType', 'message', 'final'] },
  ),
  { selector: candidateKey, maxLength: 5 },
);
const profiles = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom(...KEYS),
      fc.record({ calls: fc.nat(9), latencyMs: fc.nat(4_000), quality: fc.double({ min: 0, max: 1, noNaN: true }) }),
    )
    .map(([key, more]) => learned(key, more)),
  { selector: candidateKey, maxLength: 8 },
);

const LAST = 'answers where everybody else is out of order';

const cases = fc
  .record({
    providers: fc.tuple(...NAMES.map(aProvider)).chain((all) => fc.subarray(all)),
    chain: fc.array(fc.constantFrom(...NAMES, ...KEYS, 'm', 'other', 'gone'), { minLength: 1, maxLength: 5 }),
    prefer: fc.constantFrom(...PREFERENCES),
    policies,
    standings: someStandings,
    trials,
    profiles,
    allowed: fc.option(fc.subarray([...NAMES, ...KEYS]), { nil: undefined }),
    freeOnly: fc.boolean(),
    local: fc.option(fc.constantFrom(...NAMES, 'gone'), { nil: undefined }),
    lastResort: fc.option(fc.constantFrom(...NAMES, 'b/n', 'main', 'gone'), { nil: undefined }),
    waitsUntil: fc.option(fc.integer({ min: NOW - 5, max: NOW + 5 }), { nil: undefined }),
    model: fc.option(fc.constantFrom(...NAMES, ...KEYS, 'm', 'main', 'unheard-of'), { nil: undefined }),
    inputTokens: fc.nat(20_000),
  })
  .map((one) => ({
    asked: request({
      inputTokens: one.inputTokens,
      ...(one.model !== undefined && { model: one.model }),
      ...(one.waitsUntil !== undefined && { waitsUntil: one.waitsUntil }),
    }),
    facts: factsOf(
      one.providers,
      {
        chains: { main: one.chain, other: ['a/n', 'main'] },
        routes: [{ chain: one.chain, prefer: one.prefer }],
        policies: one.policies,
        ...(one.lastResort !== undefined && { lastResort: one.lastResort }),
        budgets: { over: 'local', limits: {}, teams: {}, 'alert-at': 80, ...(one.local && { local: one.local }) },
      },
      {
        standings: new Map(one.standings),
        trials: one.trials,
        profiles: one.profiles,
        freeOnly: one.freeOnly,
        ...(one.allowed && { allowed: one.allowed }),
      },
    ),
  }));

it('everybody who is meant is a candidate or rejected with a reason, once; else who costs nothing, or a last resort', () => {
  fc.assert(
    fc.property(cases, ({ asked, facts }) => {
      const { candidates, rejected } = route(asked, facts);
      const told = [...candidates, ...rejected].map(candidateKey);
      expect(new Set(told).size).toBe(told.length);
      const meant = whoIsMeant(facts.config, asked).candidates.map(candidateKey);
      expect(told).toEqual(expect.arrayContaining(meant));
      expect(rejected.every(({ reason }) => reason !== '')).toBe(true);
      expect(candidates.every(({ reasons }) => reasons.length > 0)).toBe(true);
      const others = candidates.filter((one) => !meant.includes(candidateKey(one)));
      const isLast = candidates.some(({ reasons }) => reasons.includes(LAST));
      expect(isLast || others.every(({ free }) => free && facts.freeOnly === true)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

it('a last resort is a candidate only where nobody else is, now or in time', () => {
  fc.assert(
    fc.property(cases, ({ asked, facts }) => {
      const { lastResort: _, ...config } = facts.config;
      const without = route(asked, { ...facts, config });
      const chosen = route(asked, facts);
      if (chosen.candidates.every(({ reasons }) => !reasons.includes(LAST))) {
        expect(chosen.candidates).toEqual(without.candidates);
        return;
      }
      expect(without.candidates).toEqual([]);
      const { waitsUntil = 0 } = asked;
      expect(without.rejected.every(({ retryAt = Infinity }) => retryAt > waitsUntil)).toBe(true);
      expect(without.rejected.some(({ kind }) => kind === 'breaker' || kind === 'tried')).toBe(true);
      expect(chosen.rejected).toEqual(expect.arrayContaining([...without.rejected]));
    }),
    { numRuns: 1_000 },
  );
});

it('nobody is a candidate whom a HARD policy, the budget, the key, a breaker or a final failure shuts out', () => {
  fc.assert(
    fc.property(cases, ({ asked, facts }) => {
      const { candidates, findings } = route(asked, facts);
      const hard = findings.filter(({ mode }) => mode === 'HARD').map(candidateKey);
      const final = facts.trials.filter((one) => one.final).map(candidateKey);
      for (const one of candidates) {
        expect(hard).not.toContain(candidateKey(one));
        expect(final).not.toContain(candidateKey(one));
        for (const name of [one.provider, candidateKey(one)]) {
          const { state = 'closed', until = 0 } = facts.standings.get(name) ?? {};
          expect(state === 'isolated' || (state === 'open' && until > NOW)).toBe(false);
        }
        if (facts.freeOnly) expect(one.free).toBe(true);
        const names = [one.provider, one.model, candidateKey(one)];
        expect(facts.allowed?.some((name) => names.includes(name)) ?? true).toBe(true);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('a HARD policy that denies every tag and name leaves nobody, whatever else is so', () => {
  fc.assert(
    fc.property(cases, ({ asked, facts }) => {
      const policy = { name: 'closed', mode: 'HARD', deny: [...NAMES] } as const;
      const config = { ...facts.config, policies: [...facts.config.policies, { ...policy, deny: [...policy.deny] }] };
      expect(route(asked, { ...facts, config }).candidates).toEqual([]);
    }),
  );
});

it('a time to try again is in the future, and is given for what passes only', () => {
  fc.assert(
    fc.property(cases, ({ asked, facts }) => {
      for (const { retryAt, kind } of route(asked, facts).rejected) {
        if (retryAt === undefined) continue;
        expect(retryAt).toBeGreaterThan(NOW);
        expect(['breaker', 'tried']).toContain(kind);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('the same facts in another order give the same route, and so does asking again', () => {
  const shuffled = cases.chain(({ asked, facts }) =>
    fc
      .record({
        profiles: fc.shuffledSubarray([...facts.profiles], { minLength: facts.profiles.length }),
        trials: fc.shuffledSubarray([...facts.trials], { minLength: facts.trials.length }),
        standings: fc.shuffledSubarray([...facts.standings], { minLength: facts.standings.size }),
      })
      .map((other) => ({ asked, facts, other: { ...facts, ...other, standings: new Map(other.standings) } })),
  );
  fc.assert(
    fc.property(shuffled, ({ asked, facts, other }) => {
      const chosen = route(asked, facts);
      expect(route(asked, facts)).toEqual(chosen);
      expect(route(asked, other)).toEqual(chosen);
    }),
    { numRuns: 500 },
  );
});

it('facts about others change nothing', () => {
  fc.assert(
    fc.property(cases, ({ asked, facts }) => {
      const stranger = { ...facts.trials[0]!, provider: 'stranger', model: 'm' };
      const more: RouteFacts = {
        ...facts,
        profiles: [...facts.profiles, learned('stranger/m', {}), learned('a/m', { task: 'another' })],
        trials: [...facts.trials, { ...stranger, failures: 1, lastType: 'Provider.Auth', message: '', final: true }],
        standings: new Map([...facts.standings, ['stranger', { state: 'isolated', generation: 1 } as const]]),
      };
      expect(route(asked, more)).toEqual(route(asked, facts));
    }),
    { numRuns: 500 },
  );
});
