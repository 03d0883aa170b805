// What follows a call of a model that gave no answer. Pure: what is known goes in, what to do next comes out.
//
// N1. Only calls that were really made count against the attempts; waiting for somebody to ask does not.
// N2. A candidate that has not failed yet is asked at once; one that has, after a pause that grows with its failures.
// N3. Where nobody takes a call now, the loop waits until the first of them may, as long as its time allows.
// N4. Where a budget has too little, the loop looks again in between: people may give more before its window is over.
// N5. It ends with one failure, which names every candidate, its reason, and when it may be otherwise.

import { ERRORS, type ErrorType } from '../../contracts/errors';
import {
  candidateKey,
  type Candidate,
  type ModelFailure,
  type RejectedAnswer,
  type RejectedCandidate,
  type Trial,
} from '../../contracts/models';
import { rejectionText } from '../../contracts/routing/tell';

/** What the calls made so far for one answer have come to. Plain JSON: it survives continue-as-new. */
export interface Asked {
  /** Calls really made. */
  readonly calls: number;
  /** Waits for somebody to ask since the last of them. */
  readonly waits: number;
  readonly trials: readonly Trial[];
  readonly rejected?: RejectedAnswer;
  /** Put down while it waited: no call is made before this. */
  readonly notBefore?: number;
}

export const NOT_ASKED: Asked = { calls: 0, waits: 0, trials: [] };

export interface CallLimits {
  /** Calls at most. */
  readonly attempts: number;
  /** Before a candidate that has failed once is asked again; doubled with each further failure. */
  readonly delayMs: number;
  /** Nobody is waited for longer than until then, epoch milliseconds. */
  readonly waitsUntil: number;
  /** No call begins after this; absent: the attempts alone end it. */
  readonly endsAt?: number;
}

/** A call that gave no answer: `told` is what its activity said of it, absent where it could say nothing. */
export interface FailedCall {
  readonly type: ErrorType;
  readonly message: string;
  readonly told?: ModelFailure;
}

export type NextCall =
  | { readonly do: 'call' }
  /** `lookAt`: something may change before `until`, so the next call is made then already. */
  | { readonly do: 'wait'; readonly until: number; readonly why: string; readonly lookAt?: number }
  | { readonly do: 'fail'; readonly type: ErrorType; readonly message: string };

const LONGEST_PAUSE_MS = 60_000;
/** Who was waited for and takes nothing still is not asked again at once. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 5 * 60_000;
/** A window may be over in a month: looking more often than every quarter of an hour would fill the history. */
const FIRST_LOOK_MS = 60_000;
const LONGEST_LOOK_MS = 15 * 60_000;

/** What is known once a call has failed. */
export function afterFailedCall(asked: Asked, failed: FailedCall): Asked {
  const { told } = failed;
  const rejected = told?.answer ?? asked.rejected;
  const isMade = wasMade(failed);
  return {
    calls: asked.calls + (isMade ? 1 : 0),
    waits: isMade ? 0 : asked.waits + 1,
    trials: told?.trial === undefined ? asked.trials : withTrial(asked.trials, told.trial),
    ...(rejected === undefined ? {} : { rejected }),
  };
}

/** @param asked With the failed call in it. */
export function nextCall(asked: Asked, failed: FailedCall, limits: CallLimits, now: number): NextCall {
  const next = withinReach(asked, failed, limits, now);
  if (next.do === 'fail' || limits.endsAt === undefined) return next;
  const at = next.do === 'wait' ? next.until : now;
  return at < limits.endsAt ? next : timeIsUp(failed, limits.endsAt);
}

function withinReach(asked: Asked, failed: FailedCall, limits: CallLimits, now: number): NextCall {
  const { told, type } = failed;
  if (wasMade(failed) && asked.calls >= limits.attempts) return { do: 'fail', ...lastWord(failed) };
  if (told === undefined) {
    if (!ERRORS[type].retryable) return { do: 'fail', ...lastWord(failed) };
    return pause(now, limits.delayMs, asked.calls, `after ${type}`);
  }
  if (!told.goesOn) return { do: 'fail', ...lastWord(failed) };
  if (told.next !== undefined) return askNext(asked, told.next, failed, limits, now);
  return waitForSomebody(asked, failed, told, limits, now);
}

function askNext(asked: Asked, next: Candidate, failed: FailedCall, limits: CallLimits, now: number): NextCall {
  const failures = asked.trials.find((one) => candidateKey(one) === candidateKey(next))?.failures ?? 0;
  if (failures === 0) return { do: 'call' };
  return pause(now, limits.delayMs, failures, `${candidateKey(next)} again, after ${failed.type}`);
}

function pause(now: number, delayMs: number, failures: number, why: string): NextCall {
  const ms = Math.min(delayMs * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return ms <= 0 ? { do: 'call' } : { do: 'wait', until: now + ms, why };
}

function waitForSomebody(
  asked: Asked,
  failed: FailedCall,
  { retryAt = 0, rejected }: ModelFailure,
  limits: CallLimits,
  now: number,
): NextCall {
  const soonest = now + Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, asked.waits - 1), LONGEST_WAIT_MS);
  const until = Math.max(retryAt, soonest);
  if (until > limits.waitsUntil) return timeIsUp(failed, limits.waitsUntil);
  return { do: 'wait', until, why: whyNobody(failed, rejected), ...lookBefore(until, asked, failed, now) };
}

function lookBefore(until: number, { waits }: Asked, { type }: FailedCall, now: number): { readonly lookAt?: number } {
  const lookAt = now + Math.min(FIRST_LOOK_MS * 2 ** Math.max(0, waits - 1), LONGEST_LOOK_MS);
  return type === 'Budget.Exhausted' && lookAt < until ? { lookAt } : {};
}

/** The reason of the one that may be asked first. */
function whyNobody({ type, message }: FailedCall, rejected: readonly RejectedCandidate[]): string {
  const [first] = rejected
    .filter(({ retryAt }) => retryAt !== undefined)
    .sort((one, other) => (one.retryAt ?? 0) - (other.retryAt ?? 0));
  return first === undefined ? `${type}: ${message}` : `${candidateKey(first)}: ${first.reason}`;
}

function timeIsUp(failed: FailedCall, endsAt: number): NextCall {
  const { type, message } = lastWord(failed);
  return {
    do: 'fail',
    type,
    message: `${message} Nobody is asked after ${new Date(endsAt).toISOString()}, when its time ends.`,
  };
}

/** One failure for all of it. Where several were asked or could have been, none of their reasons is the one. */
function lastWord({ type, message, told }: FailedCall): { readonly type: ErrorType; readonly message: string } {
  if (told?.trial === undefined || !ERRORS_OF_PROVIDERS.test(type)) return { type, message };
  const { trial, rejected } = told;
  const isListed = rejected.some((one) => candidateKey(one) === candidateKey(trial));
  const others = rejected.map(rejectionText);
  const reasons = isListed ? others : [message.replace(/\.$/, ''), ...others];
  if (reasons.length < 2) return { type, message };
  return { type: 'Provider.Unavailable', message: `No model answered: ${reasons.join('; ')}.` };
}

const ERRORS_OF_PROVIDERS = /^Provider\./;

/** A request may have left: for an answer that cannot be used, a failure of its provider, or one that nobody foresaw. */
function wasMade({ told }: FailedCall): boolean {
  return told === undefined || told.trial !== undefined || told.answer !== undefined;
}

function withTrial(trials: readonly Trial[], trial: Trial): readonly Trial[] {
  return [...trials.filter((one) => candidateKey(one) !== candidateKey(trial)), trial];
}
