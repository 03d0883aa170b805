import fc from 'fast-check';
import type { CompleteChatsResult, ItemFailure } from '../../../contracts/tasks/activities';
import type { TaskState } from '../../../contracts/tasks/state';
import type { TaskInput } from '../../../contracts/tasks/task';
import {
  DEFAULT_LIMITS,
  heard,
  isAsked,
  newTask,
  nextDue,
  nextPortion,
  unheardOf,
  viewOf,
  type Portion,
} from '../../../workflows/tasks/progress';

const NOW = 1_000_000;
const EXPIRES = NOW + 86_400_000;
const NOTHING = { costNano: 0, unconfirmedNano: 0, unpriced: 0, inputTokens: 0, outputTokens: 0 };
const CANDIDATE = { provider: 'a', model: 'm' };

function inputOf(total: number, portion = 10): TaskInput {
  return {
    ...{ task: { id: 'task_12345678' }, total, portion, parallel: 50, expiresAt: EXPIRES, timeoutMs: 1_000 },
    ...{ request: {}, scope: {}, files: true },
  };
}

function failureOf(index: number, goesOn: boolean): ItemFailure {
  const trial = { ...CANDIDATE, failures: 1, lastType: 'Provider.Overloaded' as const, message: 'busy', final: false };
  return { index, type: 'Provider.Overloaded', told: { trial, goesOn, ...(goesOn && { next: CANDIDATE }) } };
}

function resultOf(more: Partial<CompleteChatsResult>): CompleteChatsResult {
  return { completed: 0, failures: [], spent: NOTHING, slices: [], ...more };
}

function begin(state: TaskState, input: TaskInput, now = NOW): { state: TaskState; portion: Portion } {
  const next = nextPortion(state, input, now, DEFAULT_LIMITS);
  if (next === undefined) throw new Error('nothing to begin');
  return next;
}

const hear = (state: TaskState, portion: Portion, result: CompleteChatsResult, now = NOW) =>
  heard(state, portion, result, now, DEFAULT_LIMITS, EXPIRES);

describe('the requests of a task', () => {
  it('are begun in order, in portions, the last of which may be smaller', () => {
    const input = inputOf(25);
    const first = begin(newTask(), input);
    const second = begin(first.state, input);
    const third = begin(second.state, input);
    const sizes = [first, second, third].map(({ portion }) => [portion.from, portion.count]);
    expect(sizes).toEqual([
      [0, 10],
      [10, 10],
      [20, 5],
    ]);
    expect(nextPortion(third.state, input, NOW, DEFAULT_LIMITS)).toBeUndefined();
    expect(isAsked(third.state, input)).toBe(true);
  });

  it('become smaller portions towards the end where they taper, and none is left out or begun twice', () => {
    const input = { ...inputOf(600), parallel: 20, tapers: true };
    const sizes: number[] = [];
    let state = newTask();
    for (let next = nextPortion(state, input, NOW, DEFAULT_LIMITS); next !== undefined;) {
      expect(next.portion.from).toBe(sizes.reduce((sum, size) => sum + size, 0));
      sizes.push(next.portion.count);
      state = next.state;
      next = nextPortion(state, input, NOW, DEFAULT_LIMITS);
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(600);
    expect(sizes[0]).toBe(10);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes.slice(-20)).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('of a task on the queue of model workers name no slice: whoever asks pays', () => {
    const { state, portion } = begin(newTask(), { ...inputOf(1), files: false, base: 'runs' });
    expect(portion.nextSlice).toBeUndefined();
    expect(unheardOf(state, portion).unheard).toEqual([]);
  });

  it('name a slice of their own each time', () => {
    const input = inputOf(25);
    const first = begin(newTask(), input);
    const second = begin(first.state, input);
    expect([first.portion.nextSlice, second.portion.nextSlice]).toEqual(['task_12345678#1', 'task_12345678#2']);
  });

  it('take the slice with most left, and give back all that they paid from', () => {
    const input = inputOf(25);
    const slices = [
      { id: 'small', grantedNano: 10, spentNano: 9 },
      { id: 'large', grantedNano: 10, spentNano: 1 },
    ];
    const { state, portion } = begin({ ...newTask(), slices }, input);
    expect(portion.slice?.id).toBe('large');
    expect(state.slices.map(({ id }) => id)).toEqual(['small']);
    const spent = { id: 'large', grantedNano: 10, spentNano: 10 };
    const drawn = { id: 'task_12345678#1', grantedNano: 10, spentNano: 3 };
    expect(hear(state, portion, resultOf({ completed: 10, slices: [spent, drawn] })).slices).toEqual([
      slices[0],
      spent,
      drawn,
    ]);
  });

  it('are asked again one by one after a failure that may pass, and given up after the last call', () => {
    const input = inputOf(3);
    let { state, portion } = begin(newTask(), input);
    state = hear(state, portion, resultOf({ completed: 2, failures: [failureOf(1, true)] }));
    expect(state).toMatchObject({ completed: 2, failed: 0, again: [{ from: 1, count: 1, trial: { calls: 1 } }] });
    expect(nextPortion(state, input, NOW, DEFAULT_LIMITS)).toBeUndefined();
    for (let calls = 2; calls <= DEFAULT_LIMITS.calls; calls += 1) {
      ({ state, portion } = begin(state, input, nextDue(state)));
      expect(portion).toMatchObject({ from: 1, count: 1, trial: { calls: calls - 1 } });
      state = hear(state, portion, resultOf({ failures: [failureOf(1, true)] }));
    }
    expect(viewOf(state, 3).counts).toEqual({ total: 3, completed: 2, failed: 1 });
    expect(isAsked(state, input)).toBe(true);
  });

  it('are given up at once after a failure that would come again', () => {
    const { state, portion } = begin(newTask(), inputOf(1));
    expect(hear(state, portion, resultOf({ failures: [failureOf(0, false)] }))).toMatchObject({ failed: 1, again: [] });
  });

  it('wait all together while there is nobody to ask', () => {
    const input = inputOf(100);
    const begun = begin(newTask(), input);
    const retryAt = NOW + 60_000;
    const state = hear(begun.state, begun.portion, resultOf({ completed: 3, stoppedAt: 3, retryAt }));
    expect(state.again).toEqual([{ from: 3, count: 7, notBefore: retryAt }]);
    expect(nextPortion(state, input, NOW, DEFAULT_LIMITS)).toBeUndefined();
    expect(nextDue(state)).toBe(retryAt);
    expect(begin(state, input, retryAt).portion).toMatchObject({ from: 3, count: 7 });
  });

  it('begin nothing new while too many wait for another call', () => {
    const again = Array.from({ length: DEFAULT_LIMITS.waiting }, (_, from) => ({
      ...{ from, count: 1, trial: { calls: 1, trials: [] }, notBefore: NOW + 1 },
    }));
    const state = { ...newTask(), cursor: 500, again };
    expect(nextPortion(state, inputOf(1_000), NOW, DEFAULT_LIMITS)).toBeUndefined();
  });

  it('of an activity that nobody heard from leave the slice that it may have drawn to be released', () => {
    const { state, portion } = begin(newTask(), inputOf(1));
    expect(unheardOf(state, portion).unheard).toEqual(['task_12345678#1']);
  });
});

describe('whatever happens to the requests of a task', () => {
  /** What one activity comes to: how many it answers, which fail, and where it stops. */
  const step = fc.record({
    pick: fc.nat(),
    fails: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
    stops: fc.option(fc.nat({ max: 9 }), { nil: undefined, freq: 5 }),
    goesOn: fc.boolean(),
  });

  it('each is answered or given up once, none is in two activities at a time, and little is remembered', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.array(step, { minLength: 1, maxLength: 60 }), (total, steps) => {
        const input = inputOf(total);
        let state = newTask();
        let now = NOW;
        const inFlight: Portion[] = [];
        const ended = new Set<number>();
        for (let turn = 0; turn < 20_000; turn += 1) {
          for (let next = nextPortion(state, input, now, DEFAULT_LIMITS); next && inFlight.length < 5;) {
            state = next.state;
            inFlight.push(next.portion);
            next = nextPortion(state, input, now, DEFAULT_LIMITS);
          }
          const busy = inFlight.flatMap(({ from, count }) => Array.from({ length: count }, (_, at) => from + at));
          expect(new Set(busy).size).toBe(busy.length);
          expect(busy.some((index) => ended.has(index))).toBe(false);
          if (inFlight.length === 0) {
            if (isAsked(state, input)) break;
            now = Math.max(now + 1, nextDue(state) ?? now);
            continue;
          }
          const plan = steps[turn % steps.length]!;
          const [portion] = inFlight.splice(plan.pick % inFlight.length, 1);
          if (portion === undefined) throw new Error('nothing in flight');
          // Nobody is refused for ever, or the test would not end.
          const stops =
            plan.stops !== undefined && turn < 1_000 ? Math.min(plan.stops, portion.count - 1) : portion.count;
          const asked = Array.from({ length: stops }, (_, at) => portion.from + at);
          const failing = asked.filter((_, at) => plan.fails[at]);
          const before = state.failed;
          state = hear(
            state,
            portion,
            resultOf({
              completed: asked.length - failing.length,
              failures: failing.map((index) => failureOf(index, plan.goesOn)),
              ...(stops < portion.count && { stoppedAt: portion.from + stops, retryAt: now + 1_000 }),
            }),
            now,
          );
          for (const index of asked) if (!failing.includes(index)) ended.add(index);
          if (state.failed > before) {
            const waits = new Set(
              state.again.flatMap(({ from, count }) => Array.from({ length: count }, (_, at) => from + at)),
            );
            for (const index of failing) if (!waits.has(index)) ended.add(index);
          }
          // It may continue as new at any time when nothing is in flight.
          if (inFlight.length === 0) state = JSON.parse(JSON.stringify(state)) as TaskState;
        }
        expect(ended.size).toBe(total);
        expect(viewOf(state, total).counts).toMatchObject({ completed: total - state.failed });
        expect(state.again).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
