import fc from 'fast-check';
import type { ErrorType } from '../../../contracts/errors';
import type { Candidate, ModelFailure, RejectedCandidate, Trial } from '../../../contracts/models';
import {
  NOT_ASKED,
  afterFailedCall,
  nextCall,
  type Asked,
  type CallLimits,
  type FailedCall,
} from '../../../workflows/models/next-call';

const NOW = Date.UTC(2026, 0, 5, 12);
const LIMITS: CallLimits = { attempts: 3, delayMs: 1_000, waitsUntil: NOW + 600_000 };
const A: Candidate = { provider: 'a', model: 'one' };
const B: Candidate = { provider: 'b', model: 'two' };

function trial(candidate: Candidate, more: Partial<Trial> = {}): Trial {
  return { ...candidate, failures: 1, lastType: 'Provider.ServerError', message: 'broken.', final: false, ...more };
}

function told(more: Partial<ModelFailure>): ModelFailure {
  return { goesOn: true, rejected: [], findings: [], ...more };
}

/** A call that was made and failed. */
function failed(candidate: Candidate, more: Partial<ModelFailure> = {}, type: ErrorType = 'Provider.ServerError') {
  const message = `${candidate.provider}/${candidate.model}: broken.`;
  return { type, message, told: told({ trial: trial(candidate), ...more }) } satisfies FailedCall;
}

/** Nobody could be asked. */
function nobody(retryAt: number | undefined, type: ErrorType = 'Provider.Unavailable'): FailedCall {
  const rejected: RejectedCandidate = { ...A, kind: 'breaker', reason: 'its breaker is open' };
  const again = retryAt === undefined ? {} : { retryAt };
  const details = told({ goesOn: retryAt !== undefined, ...again, rejected: [{ ...rejected, ...again }] });
  return { type, message: 'No model can be asked: a/one: its breaker is open.', told: details };
}

function step(asked: Asked, failure: FailedCall, limits = LIMITS, now = NOW) {
  const after = afterFailedCall(asked, failure);
  return { after, next: nextCall(after, failure, limits, now) };
}

const DAY_MS = 24 * 3_600_000;

describe('after a failed call', () => {
  it('a candidate that has not failed yet is asked at once', () => {
    const { next } = step(NOT_ASKED, failed(A, { next: B }));
    expect(next).toEqual({ do: 'call' });
  });

  it('one that has failed is asked after a pause that doubles', () => {
    const first = step(NOT_ASKED, failed(A, { next: A }));
    expect(first.next).toMatchObject({ do: 'wait', until: NOW + 1_000 });
    const second = step(first.after, failed(A, { next: A, trial: trial(A, { failures: 2 }) }));
    expect(second.next).toMatchObject({ do: 'wait', until: NOW + 2_000 });
  });

  it('a pause is a minute at most', () => {
    const { next } = step(NOT_ASKED, failed(A, { next: A, trial: trial(A, { failures: 30 }) }));
    expect(next).toMatchObject({ do: 'wait', until: NOW + 60_000 });
  });

  it('the trials keep the last word on each candidate', () => {
    const once = step(NOT_ASKED, failed(A, { next: B })).after;
    const twice = step(once, failed(A, { next: B, trial: trial(A, { failures: 2 }) })).after;
    expect(step(twice, failed(B, { next: A })).after.trials).toEqual([trial(A, { failures: 2 }), trial(B)]);
  });

  it('a failure that nobody could do better about ends it under its own name', () => {
    const failure = failed(A, { goesOn: false }, 'Provider.Policy');
    expect(step(NOT_ASKED, failure).next).toEqual({ do: 'fail', type: 'Provider.Policy', message: failure.message });
  });

  it('the end of all candidates names each with its reason, and when it may be otherwise', () => {
    const rejected: RejectedCandidate[] = [
      { ...A, kind: 'tried', reason: 'the key is refused.' },
      { ...B, kind: 'breaker', reason: 'its breaker is open', retryAt: NOW + 5_000 },
    ];
    const { next } = step(NOT_ASKED, failed(A, { goesOn: false, rejected }, 'Provider.Auth'));
    expect(next).toEqual({
      do: 'fail',
      type: 'Provider.Unavailable',
      message:
        'No model answered: a/one: the key is refused; b/two: its breaker is open, until 2026-01-05T12:00:05.000Z.',
    });
  });

  it('one of ours is tried again only where that could help', () => {
    const git = step(NOT_ASKED, { type: 'Git.Failed', message: 'index.lock exists' });
    expect(git.next).toMatchObject({ do: 'wait', until: NOW + 1_000 });
    expect(step(NOT_ASKED, { type: 'Path.Escapes', message: 'no' }).next).toMatchObject({ do: 'fail' });
  });
});

describe('an answer of another shape', () => {
  const answer = { ...A, answer: '{}', issues: 'title: is missing' };
  const failure: FailedCall = { type: 'Stage.OutputInvalid', message: 'm', told: told({ answer, next: A }) };

  it('is told to the model at once, and counts', () => {
    const { after, next } = step(NOT_ASKED, failure);
    expect(next).toEqual({ do: 'call' });
    expect(after).toMatchObject({ calls: 1, rejected: answer });
  });

  it('ends it when the attempts are used up', () => {
    const { next } = step({ ...NOT_ASKED, calls: 2 }, failure);
    expect(next).toEqual({ do: 'fail', type: 'Stage.OutputInvalid', message: 'm' });
  });
});

describe('where nobody can be asked', () => {
  it('the first of them is waited for, and that counts as no call', () => {
    const { after, next } = step(NOT_ASKED, nobody(NOW + 45_000));
    expect(next).toEqual({ do: 'wait', until: NOW + 45_000, why: 'a/one: its breaker is open' });
    expect(after).toMatchObject({ calls: 0, waits: 1 });
  });

  it('the end comes at once where the wait would be longer than the time there is', () => {
    const { next } = step(NOT_ASKED, nobody(NOW + 700_000));
    expect(next).toMatchObject({ do: 'fail', type: 'Provider.Unavailable' });
    expect('message' in next && next.message).toContain(
      'Nobody is asked after 2026-01-05T12:10:00.000Z, when its time ends.',
    );
  });

  it('the end comes at once where none of them ever may', () => {
    expect(step(NOT_ASKED, nobody(undefined, 'Policy.Denied')).next).toMatchObject({
      do: 'fail',
      type: 'Policy.Denied',
    });
  });

  it('a budget whose window begins anew is waited for, one that does not ends it', () => {
    expect(step(NOT_ASKED, nobody(NOW + 9_000, 'Budget.Exhausted')).next).toMatchObject({ do: 'wait' });
    expect(step(NOT_ASKED, nobody(undefined, 'Budget.Exhausted')).next).toMatchObject({
      do: 'fail',
      type: 'Budget.Exhausted',
    });
  });

  it('a budget is looked at in between, ever less often, since somebody may give more', () => {
    const limits = { ...LIMITS, waitsUntil: NOW + 2 * DAY_MS };
    let asked = NOT_ASKED;
    const looks = Array.from({ length: 6 }, () => {
      const { after, next } = step(asked, nobody(NOW + DAY_MS, 'Budget.Exhausted'), limits);
      asked = after;
      expect(next).toMatchObject({ do: 'wait', until: NOW + DAY_MS });
      return next.do === 'wait' && next.lookAt !== undefined ? (next.lookAt - NOW) / 60_000 : undefined;
    });
    expect(looks).toEqual([1, 2, 4, 8, 15, 15]);
    expect(step(NOT_ASKED, nobody(NOW + 30_000, 'Budget.Exhausted'), limits).next).not.toHaveProperty('lookAt');
    expect(step(NOT_ASKED, nobody(NOW + DAY_MS), limits).next).not.toHaveProperty('lookAt');
  });

  it('waits that come to nothing grow, until a call is made', () => {
    let asked = NOT_ASKED;
    const waits = Array.from({ length: 11 }, () => {
      const { after, next } = step(asked, nobody(NOW));
      asked = after;
      return 'until' in next ? next.until - NOW : -1;
    });
    expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(waits.at(-1)).toBe(300_000);
    expect(step(asked, failed(A, { next: B })).after.waits).toBe(0);
  });
});

it('with an end of its own no call begins after it', () => {
  const limits = { ...LIMITS, endsAt: NOW };
  expect(step(NOT_ASKED, failed(A, { next: B }), limits).next).toMatchObject({ do: 'fail' });
  expect(step(NOT_ASKED, failed(A, { next: B }), limits, NOW - 1).next).toEqual({ do: 'call' });
});

describe('whatever happens', () => {
  const candidate = fc.constantFrom(A, B);
  const time = fc.integer({ min: NOW - 1_000, max: NOW + 2_000_000 });
  const anyFailure: fc.Arbitrary<FailedCall> = fc.oneof(
    fc.record({ one: candidate, next: fc.option(candidate), failures: fc.integer({ min: 1, max: 50 }) }).map((given) =>
      failed(given.one, {
        goesOn: given.next !== null,
        trial: trial(given.one, { failures: given.failures }),
        ...(given.next === null ? {} : { next: given.next }),
      }),
    ),
    fc.option(time).map((at) => nobody(at ?? undefined)),
    fc.constantFrom<ErrorType>('Git.Failed', 'Path.Escapes', 'Run.Broken').map((type) => ({ type, message: type })),
  );

  it('there are never more calls than attempts, and each step waits, calls or ends it', () => {
    const property = fc.property(
      fc.array(anyFailure, { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      (failures, attempts) => {
        let asked = NOT_ASKED;
        let made = 0;
        for (const failure of failures) {
          const { after, next } = step(asked, failure, { ...LIMITS, attempts });
          const isMade = failure.told === undefined || failure.told.trial !== undefined;
          made += Number(isMade);
          expect(after.calls).toBe(made);
          if (next.do === 'fail') return;
          if (isMade) expect(made).toBeLessThan(attempts);
          if (next.do === 'wait') expect(next.until).toBeGreaterThan(NOW);
          asked = after;
        }
      },
    );
    fc.assert(property);
  });

  it('nobody is waited for beyond the time there is', () => {
    const property = fc.property(time, fc.nat(20), (at, waits) => {
      const { next } = step({ ...NOT_ASKED, waits }, nobody(at));
      expect(next.do === 'wait' ? next.until : NOW).toBeLessThanOrEqual(LIMITS.waitsUntil);
    });
    fc.assert(property);
  });
});
