import fc from 'fast-check';
import { chooseSession, freeSlots, type Candidate, type PoolFacts } from '../../../../activities/sessions/hosts/slots';
import { SESSION_STATES } from '../../../../contracts/sessions';

const candidate: fc.Arbitrary<Candidate> = fc.record({
  name: fc.string({ minLength: 1 }),
  state: fc.constantFrom(...SESSION_STATES),
  draining: fc.boolean(),
  kept: fc.boolean(),
});
const facts: fc.Arbitrary<PoolFacts> = fc
  .record({
    candidates: fc.uniqueArray(candidate, { selector: ({ name }) => name, maxLength: 12 }),
    promised: fc.nat(6),
    mayStart: fc.boolean(),
    allowance: fc.option(fc.nat(3), { nil: undefined }),
  })
  .map(({ allowance, ...rest }) => ({ ...rest, ...(allowance !== undefined && { allowance }) }));

const ready = { draining: false, kept: false } as const;

describe('slots of a pool', () => {
  it('are never more than sessions that could take a prompt', () => {
    fc.assert(
      fc.property(facts, (pool) => {
        const able = pool.candidates.filter(
          ({ state, draining }) => !draining && ['idle', 'starting', 'stopped'].includes(state),
        );
        return freeSlots(pool) + pool.promised <= Math.max(able.length, pool.promised);
      }),
    );
  });

  it('run out when as many prompts were let through as there are free sessions', () => {
    fc.assert(
      fc.property(facts, (pool) => {
        const all = freeSlots({ ...pool, promised: 0 });
        return freeSlots({ ...pool, promised: all }) === 0 && (all === 0 || chooseSession(pool) !== undefined);
      }),
    );
  });

  it('need memory where an agent would have to be started', () => {
    const candidates = [{ name: 'a-1', state: 'stopped' as const, ...ready }];
    expect(freeSlots({ candidates, promised: 0, mayStart: false })).toBe(0);
    expect(freeSlots({ candidates, promised: 0, mayStart: true })).toBe(1);
  });

  it('are none while the provider takes nothing, and one while it is tried again', () => {
    const candidates = ['a-1', 'a-2'].map((name) => ({ name, state: 'idle' as const, ...ready }));
    expect(freeSlots({ candidates, promised: 0, mayStart: true, allowance: 0 })).toBe(0);
    expect(freeSlots({ candidates, promised: 0, mayStart: true, allowance: 1 })).toBe(1);
    expect(freeSlots({ candidates, promised: 1, mayStart: true, allowance: 1 })).toBe(0);
  });
});

describe('the session for a prompt', () => {
  const candidates: Candidate[] = [
    { name: 'kept', state: 'idle', draining: false, kept: true },
    { name: 'cold', state: 'stopped', ...ready },
    { name: 'starting', state: 'starting', ...ready },
    { name: 'idle', state: 'idle', ...ready },
    { name: 'held', state: 'held', ...ready },
    { name: 'drained', state: 'idle', draining: true, kept: false },
  ];
  const without = (...names: string[]) => candidates.filter(({ name }) => !names.includes(name));
  const choose = (from: Candidate[], preferred?: string) =>
    chooseSession({ candidates: from, promised: 1, mayStart: true }, preferred);

  it('is one that waits ready, then one that starts, then a cold one, and last one whose conversation may go on', () => {
    expect(choose(candidates)).toBe('idle');
    expect(choose(without('idle'))).toBe('starting');
    expect(choose(without('idle', 'starting'))).toBe('cold');
    expect(choose(without('idle', 'starting', 'cold'))).toBe('kept');
    expect(choose(without('idle', 'starting', 'cold', 'kept'))).toBeUndefined();
  });

  it('is the one that knows the conversation, when that is free', () => {
    expect(choose(candidates, 'kept')).toBe('kept');
    expect(choose(candidates, 'held')).toBe('idle');
  });
});
