import type {
  BreakerLimits,
  BreakerView,
  FailureKind,
  ProbeRequest,
  ProviderFailure,
  ProviderReport,
  Standing,
} from '../../contracts/breakers';
import type { RequestMessage } from '../../contracts/messages';

// Rules of a provider's breaker.
// B1. A report is known by its id: the same one again changes nothing, as long as its id is among the last ones.
// B2. A report about an older generation changes nothing; one that names no generation tells how the provider is now.
// B3. Closed: a success clears the count of failures; transient ones in a row open it, any other opens it at once.
// B4. It is open until the provider's reset where that is known, else for a time that doubles with each failed probe.
//     After a failed probe that time is the least, whatever the provider says. No failure ever brings the end nearer.
// B5. Open: only its time ends it. More failures are the same outage: they may move the end, and do not lengthen the
//     doubled time. A success tells of what was begun before.
// B6. Half-open: one caller at a time holds the probe, for as long as its lease. A success closes, a failure opens again,
//     and whoever gives its attempt up gives the probe back.
// B7. Isolated: nothing but a person's reset ends it.
// B8. The generation grows with every change of state and with every probe that is granted, lapses or is given back, so that a result
//     that comes too late is one of an older generation.

/** Reports that are remembered by their ids. */
export const REMEMBERED = 200;

/** A reset further away than the longest billing cycle is a misread one. */
const LONGEST_RESET_MS = 35 * 86_400_000;

export const LEASE_BOUNDS_MS = { shortest: 1_000, longest: 6 * 3_600_000 } as const;

export const DEFAULT_LIMITS: BreakerLimits = {
  failures: 3,
  firstOpenMs: { transient: 30_000, limit: 5 * 60_000, permanent: 5 * 60_000 },
  // Blips of a minute must not take a provider away for hours; only what a person must mend is left alone for one.
  longestOpenMs: { transient: 10 * 60_000, limit: 3_600_000, permanent: 3_600_000 },
  leaseMs: 10 * 60_000,
  idleMs: 86_400_000,
  historyEvents: 2_000,
};

export function newBreaker(now: number): BreakerView {
  return { state: 'closed', generation: 0, failures: 0, trips: 0, lastHeardAt: now, seen: [] };
}

/** What the passing of time changes: an open time that is over, a probe's lease that has lapsed (B5, B6). */
export function settle(breaker: BreakerView, now: number): BreakerView {
  const { state, openUntil, probe } = breaker;
  if (state === 'open' && openUntil !== undefined && openUntil <= now) {
    return next({ ...without(breaker, 'openUntil'), state: 'half-open' });
  }
  if (state === 'half-open' && probe !== undefined && probe.until <= now) return next(without(breaker, 'probe'));
  return breaker;
}

/** When {@link settle} changes something next, if nothing else happens. */
export function nextChange({ state, openUntil, probe }: BreakerView): number | undefined {
  return state === 'open' ? openUntil : probe?.until;
}

export function hear(before: BreakerView, report: ProviderReport, now: number, limits: BreakerLimits): BreakerView {
  const breaker = settle(before, now);
  const { id, outcome, generation = breaker.generation } = report;
  if (breaker.seen.includes(id) || generation < breaker.generation) return breaker;
  if (outcome === 'abandoned') return report.generation === undefined ? breaker : giveBack(breaker);
  const heard: BreakerView = {
    ...breaker,
    seen: [...breaker.seen, id].slice(-REMEMBERED),
    lastHeardAt: now,
    ...(outcome !== 'success' && { lastFailure: { ...outcome, at: report.at } }),
  };
  return outcome === 'success' ? succeed(heard) : fail(heard, outcome, now, limits);
}

export interface ProbeDecision {
  readonly breaker: BreakerView;
  readonly granted: boolean;
}

export function takeProbe(
  before: BreakerView,
  { who, leaseMs }: ProbeRequest,
  now: number,
  limits: BreakerLimits,
): ProbeDecision {
  const breaker = settle(before, now);
  if (breaker.state !== 'half-open' || breaker.probe !== undefined) return { breaker, granted: false };
  const probe = { who, since: now, until: now + (leaseMs ?? limits.leaseMs) };
  return { breaker: next({ ...breaker, probe, lastHeardAt: now }), granted: true };
}

export function isolate(before: BreakerView, { who, comment }: RequestMessage, now: number): BreakerView {
  const breaker = settle(before, now);
  const why = comment === undefined ? `isolated by ${who}` : `isolated by ${who}: ${comment}`;
  return next({ ...without(breaker, 'openUntil', 'probe'), state: 'isolated', failures: 0, why, lastHeardAt: now });
}

export function reset(before: BreakerView, now: number): BreakerView {
  return { ...close(settle(before, now)), lastHeardAt: now };
}

export function standingOf({ state, why, openUntil, probe, generation, failures }: BreakerView): Standing {
  const until = openUntil ?? probe?.until;
  return {
    state,
    ...(why !== undefined && { why }),
    ...(until !== undefined && { until }),
    generation,
    ...(failures > 0 && { failures }),
  };
}

function succeed(breaker: BreakerView): BreakerView {
  if (breaker.state === 'half-open') return close(breaker);
  return breaker.state === 'closed' ? { ...breaker, failures: 0 } : breaker;
}

/** Who had no probe gives none back: a probe began a generation of its own, and the report is of this one. */
function giveBack(breaker: BreakerView): BreakerView {
  return breaker.probe === undefined ? breaker : next(without(breaker, 'probe'));
}

function fail(breaker: BreakerView, failure: ProviderFailure, now: number, limits: BreakerLimits): BreakerView {
  switch (breaker.state) {
    case 'closed': {
      const failures = breaker.failures + 1;
      if (failure.failure === 'transient' && failures < limits.failures) return { ...breaker, failures };
      return open(breaker, failure, now, limits);
    }
    case 'half-open':
      return open(breaker, failure, now, limits);
    case 'open': {
      const openUntil = endOf(failure, breaker.trips, now, limits);
      if (openUntil <= (breaker.openUntil ?? 0)) return breaker;
      return { ...breaker, openUntil, why: whyOf(failure) };
    }
    case 'isolated':
      return breaker;
  }
}

function open(breaker: BreakerView, failure: ProviderFailure, now: number, limits: BreakerLimits): BreakerView {
  const trips = breaker.trips + 1;
  const openUntil = endOf(failure, trips, now, limits);
  return next({ ...without(breaker, 'probe'), state: 'open', failures: 0, trips, openUntil, why: whyOf(failure) });
}

function close(breaker: BreakerView): BreakerView {
  return next({ ...without(breaker, 'openUntil', 'probe', 'why'), state: 'closed', failures: 0, trips: 0 });
}

/** Without jitter: one probe goes out however many wait. */
function endOf({ failure, resetsAt }: ProviderFailure, trips: number, now: number, limits: BreakerLimits): number {
  const backOff = now + openMs(failure, trips, limits);
  if (resetsAt === undefined || resetsAt <= now || resetsAt > now + LONGEST_RESET_MS) return backOff;
  return trips > 1 ? Math.max(resetsAt, backOff) : resetsAt;
}

function openMs(kind: FailureKind, trips: number, { firstOpenMs, longestOpenMs }: BreakerLimits): number {
  return Math.min(firstOpenMs[kind] * 2 ** (trips - 1), longestOpenMs[kind]);
}

function whyOf({ type, message }: ProviderFailure): string {
  return `${type}: ${message}`;
}

function next(breaker: BreakerView): BreakerView {
  return { ...breaker, generation: breaker.generation + 1 };
}

function without(breaker: BreakerView, ...keys: ('openUntil' | 'probe' | 'why')[]): BreakerView {
  return Object.fromEntries(
    Object.entries(breaker).filter(([key]) => !keys.includes(key as never)),
  ) as unknown as BreakerView;
}
