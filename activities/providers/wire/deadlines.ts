import type { Timeouts } from '../model-provider';

/** The three clocks of one call, behind one abort signal for the request. */
export interface Deadlines {
  readonly signal: AbortSignal;
  /** Which clock ran out: `no first event within 280 s`. Undefined while all is well, and when the caller gave up. */
  readonly expired: () => string | undefined;
  /** The answer has begun: from now on the pauses count. */
  readonly begun: () => void;
  /** A byte came: also a keep-alive that nobody is shown. */
  readonly alive: () => void;
  /** Whoever reads the answer is busy with what came: that is no pause of the provider. Ends with {@link wake}. */
  readonly rest: () => void;
  readonly wake: () => void;
  /** All of the answer has come: there is no request left to end, which would cost more than the clocks do. */
  readonly whole: () => void;
  /** End the clocks and whatever is left of the request. */
  readonly stop: () => void;
}

/** Why a request is ended that nobody needs any more. One for all: to make an error takes longer than to end a request. */
const OVER = new Error('the call is over');

/** Start the clocks. What a client of HTTP times ends with the headers, so a stalled stream is seen by nothing else. */
export function startDeadlines(timeouts: Timeouts, outer: AbortSignal): Deadlines {
  const controller = new AbortController();
  let expired: string | undefined;
  const expire = (what: string, ms: number): void => {
    expired ??= `${what} within ${ms / 1000} s`;
    controller.abort();
  };
  const giveUp = () => controller.abort(outer.reason);
  if (outer.aborted) giveUp();
  outer.addEventListener('abort', giveUp, { once: true });

  const { totalMs, firstEventMs, idleMs } = timeouts;
  const total = setTimeout(() => expire('no complete answer', totalMs), totalMs);
  const first =
    firstEventMs < totalMs ? setTimeout(() => expire('no first event', firstEventMs), firstEventMs) : undefined;
  let idle: NodeJS.Timeout | undefined;
  let resting = false;
  let isWhole = false;
  return {
    signal: controller.signal,
    expired: () => expired,
    begun: () => {
      if (idle !== undefined || controller.signal.aborted) return;
      clearTimeout(first);
      idle = setTimeout(() => {
        if (!resting) expire('no further event', idleMs);
      }, idleMs);
    },
    alive: () => {
      if (!resting) idle?.refresh();
    },
    rest: () => {
      resting = true;
    },
    // A clock that ran out while nobody read begins anew, and so does one that did not.
    wake: () => {
      resting = false;
      if (!controller.signal.aborted) idle?.refresh();
    },
    whole: () => {
      isWhole = true;
    },
    stop: () => {
      outer.removeEventListener('abort', giveUp);
      [total, first, idle].forEach((timer) => clearTimeout(timer));
      // An answer given up half-way must not go on being written, and charged, unheard.
      if (!isWhole && !controller.signal.aborted) controller.abort(OVER);
    },
  };
}
