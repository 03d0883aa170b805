import { ApplicationFailure, CancelledFailure, CompleteAsyncError, Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { isErrorType } from '../contracts/errors';

/** Replaces secrets by `***`. */
export type Redact = (text: string) => string;

/**
 * Tried again by Temporal itself: undoing, which goes on when every other way of trying has ended, and model calls,
 * which move to the next provider from attempt to attempt and say how long each wants to be left alone.
 */
const RETRIED_BY_TEMPORAL: ReadonlySet<string> = new Set(['undo', 'removeWorkspace', 'callModel']);

/** Beats a lost worker's activity to its heartbeat timeout four times over. */
const HEARTBEAT_EVERY_MS = 1_200;

/**
 * The door of every activity. Nothing leaves without being searched for secrets; failures of the error table reach
 * the workflow at once, which alone counts attempts; and an activity that says nothing itself is heartbeaten, so that
 * a lost worker is noticed in seconds.
 */
export class ActivityDoor implements ActivityInboundCallsInterceptor {
  constructor(
    private readonly context: Context,
    private readonly redact: Redact,
  ) {}

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const stop = beat(this.context);
    try {
      return redactAll(await next(input), this.redact);
    } catch (error) {
      throw this.failure(error);
    } finally {
      stop();
    }
  }

  private failure(error: unknown): unknown {
    if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) return error;
    const { activityType } = this.context.info;
    if (!(error instanceof ApplicationFailure)) return unforeseen(error, this.redact);
    const known = isErrorType(error.type) && !RETRIED_BY_TEMPORAL.has(activityType);
    return ApplicationFailure.create({
      type: error.type ?? 'Run.Broken',
      message: this.redact(error.message),
      nonRetryable: known || (error.nonRetryable ?? false),
      details: redactAll(error.details ?? [], this.redact) as unknown[],
      ...(error.nextRetryDelay === undefined || error.nextRetryDelay === null
        ? {}
        : { nextRetryDelay: error.nextRetryDelay }),
    });
  }
}

/** A bug or a broken host: it may pass, so Temporal tries again, but the stage is not to blame. */
function unforeseen(error: unknown, redact: Redact): ApplicationFailure {
  const failure = ApplicationFailure.retryable(
    redact(error instanceof Error ? error.message : String(error)),
    'Run.Broken',
  );
  if (error instanceof Error && error.stack !== undefined) failure.stack = redact(error.stack);
  return failure;
}

/** Activities that heartbeat with details of their own, which must not be replaced by none. */
const BEATS_ITSELF: ReadonlySet<string> = new Set(['dispatchPrompt', 'callModel', 'runCommand', 'awaitCheck']);

function beat(context: Context): () => void {
  const { activityType, heartbeatTimeoutMs } = context.info;
  if (heartbeatTimeoutMs === undefined || BEATS_ITSELF.has(activityType)) return () => undefined;
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
  return () => clearInterval(timer);
}

/** Every string of a JSON value, redacted; the value itself when nothing was found in it. */
function redactAll(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((one) => redactAll(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redactAll(one, redact)]));
}
