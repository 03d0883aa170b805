import type { Timeouts } from './model-provider';

/** The three clocks of one call, behind one abort signal for the SDK. */
export interface Deadlines {
  readonly signal: AbortSignal;
  /** Which clock ran out: `no first event within 280 s`. Undefined while all is well, and when the caller gave up. */
  readonly expired: () => string | undefined;
  /** The first event of the answer is here: from now on the pauses count. */
  readonly begun: () => void;
  /** A byte came: also a keep-alive that no SDK shows. */
  readonly alive: () => void;
  /** Whoever reads the answer is busy with what came: that is no pause of the provider. Ends with {@link wake}. */
  readonly rest: () => void;
  readonly wake: () => void;
  /** End the clocks and whatever is left of the request. */
  readonly stop: () => void;
}

/** Start the clocks. SDK timers end with the headers, so a stalled stream is seen by nothing else. */
export function startDeadlines(timeouts: Timeouts, outer: AbortSignal): Deadlines {
  const controller = new AbortController();
  let expired: string | undefined;
  const expire = (what: string, ms: number) => () => {
    expired ??= `${what} within ${ms / 1000} s`;
    controller.abort();
  };
  const giveUp = () => controller.abort(outer.reason);
  if (outer.aborted) giveUp();
  outer.addEventListener('abort', giveUp, { once: true });

  const total = setTimeout(expire('no complete answer', timeouts.totalMs), timeouts.totalMs);
  const first = setTimeout(expire('no first event', timeouts.firstEventMs), timeouts.firstEventMs);
  let idle: NodeJS.Timeout | undefined;
  let begun = false;
  let resting = false;
  const listen = () => {
    clearTimeout(idle);
    idle = setTimeout(expire('no further event', timeouts.idleMs), timeouts.idleMs);
  };
  return {
    signal: controller.signal,
    expired: () => expired,
    begun: () => {
      if (begun) return;
      begun = true;
      clearTimeout(first);
      if (!resting) listen();
    },
    alive: () => {
      if (!resting) idle?.refresh();
    },
    rest: () => {
      resting = true;
      clearTimeout(idle);
      idle = undefined;
    },
    wake: () => {
      resting = false;
      if (begun && !controller.signal.aborted) listen();
    },
    stop: () => {
      outer.removeEventListener('abort', giveUp);
      [total, first, idle].forEach((timer) => clearTimeout(timer));
      // An answer given up half-way must not go on being written, and charged, unheard.
      controller.abort();
    },
  };
}
