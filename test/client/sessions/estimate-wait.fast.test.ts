import fc from 'fast-check';
import { estimateWait, type PoolLoad } from '../../../client/sessions/estimate-wait';

const MINUTE = 60_000;

it.each<[string, number, PoolLoad, number | undefined]>([
  ['is none with an idle session', 1, { idle: 1, busyForMs: [] }, 0],
  ['is what the longest turn has left', 1, { idle: 0, busyForMs: [30_000, 90_000], turnMs: 2 * MINUTE }, 30_000],
  ['is the next but one for who is second', 2, { idle: 0, busyForMs: [30_000, 90_000], turnMs: 2 * MINUTE }, 90_000],
  ['goes on with turns of those before', 3, { idle: 0, busyForMs: [30_000, 90_000], turnMs: 2 * MINUTE }, 150_000],
  ['counts idle ones before', 3, { idle: 2, busyForMs: [], turnMs: MINUTE }, MINUTE],
  ['takes a turn that is overdue to end soon', 1, { idle: 0, busyForMs: [60 * MINUTE], turnMs: 4 * MINUTE }, MINUTE],
  ['adds the time a pool is closed', 1, { idle: 1, busyForMs: [], closedForMs: 5 * MINUTE }, 5 * MINUTE],
  ['is unknown before the first turn has ended', 1, { idle: 0, busyForMs: [1] }, undefined],
  ['is unknown without a session', 1, { idle: 0, busyForMs: [], turnMs: MINUTE }, undefined],
])('%s', (_what, place, load, expected) => {
  expect(estimateWait(place, load)).toBe(expected);
});

const load = fc.record({
  idle: fc.nat(5),
  busyForMs: fc.array(fc.nat(10 * MINUTE), { minLength: 1, maxLength: 8 }),
  turnMs: fc.integer({ min: 1_000, max: 10 * MINUTE }),
});

it('is never shorter further behind, and never longer with one session more', () => {
  fc.assert(
    fc.property(load, fc.integer({ min: 1, max: 60 }), (pool, place) => {
      const wait = estimateWait(place, pool)!;
      expect(estimateWait(place + 1, pool)!).toBeGreaterThanOrEqual(wait);
      expect(estimateWait(place, { ...pool, idle: pool.idle + 1 })!).toBeLessThanOrEqual(wait);
      expect(wait).toBeLessThanOrEqual(Math.ceil(place / pool.busyForMs.length) * pool.turnMs);
    }),
  );
});
