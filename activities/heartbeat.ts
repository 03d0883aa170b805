import { Context } from '@temporalio/activity';
import type { JsonObject } from '../contracts/json';

/** What long work needs to know of the activity it runs in. */
export interface Attempt {
  /** Aborted when this attempt must end: a cancellation, the worker's shutdown, a lost connection. */
  readonly signal: AbortSignal;
  /**
   * Did somebody ask for the work itself to stop? Otherwise only this attempt ends, and what was started outside of
   * the worker goes on, for the next attempt to find.
   */
  stopRequested(): boolean;
  /** Say the end of what the work has written so far with each heartbeat. */
  tell?(says: () => string): void;
}

/** Some heartbeats per timeout, so that a busy event loop or a throttled one does not cost the attempt. */
const BEATS_PER_TIMEOUT = 4;
const DEFAULT_BEAT_MS = 1_000;

/**
 * Heartbeat from a timer while `work` runs, with what `details` says at each beat. Outside of an activity there is
 * nobody to tell, and nothing that cancels.
 * @param begins `quietly`: the first beat comes with the timer, so that short work that has nothing to tell costs none.
 */
export async function withHeartbeat<T>(
  details: () => JsonObject,
  work: (attempt: Attempt) => Promise<T>,
  begins: 'at once' | 'quietly' = 'at once',
): Promise<T> {
  const context = currentContext();
  if (context === undefined) return work({ signal: new AbortController().signal, stopRequested: () => false });

  const beat = (): void => context.heartbeat(details());
  const everyMs = context.info.heartbeatTimeoutMs
    ? context.info.heartbeatTimeoutMs / BEATS_PER_TIMEOUT
    : DEFAULT_BEAT_MS;
  if (begins === 'at once') beat();
  const timer = setInterval(beat, everyMs);
  try {
    return await work({
      signal: context.cancellationSignal,
      stopRequested: () => context.cancellationDetails?.cancelRequested === true,
    });
  } finally {
    clearInterval(timer);
  }
}

/** Names the activity being tried, the same on each of its attempts; undefined outside of one. */
export function activityKey(): string | undefined {
  const info = currentContext()?.info;
  return info && `${info.workflowExecution?.runId ?? 'standalone'}-${info.activityId}`;
}

function currentContext(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined; // a unit test, or another program
  }
}
