import type { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { isErrorType } from '../contracts/errors';

/** Replaces secrets by `***`. */
export type Redact = (text: string) => string;

/**
 * Tried again by Temporal itself: undoing and settling, which go on when every other way of trying has ended, and
 * waiting for a session.
 */
const RETRIED_BY_TEMPORAL: ReadonlySet<string> = new Set([
  'undo',
  'removeWorkspace',
  'settleSlices',
  'reserveSession',
  'completeChats',
  'finishTask',
]);

/**
 * The door of every activity. Nothing leaves without being searched for secrets, and failures of the error table reach
 * the workflow at once, which alone counts attempts.
 */
export class ActivityDoor implements ActivityInboundCallsInterceptor {
  constructor(
    private readonly context: Context,
    private readonly redact: Redact,
  ) {}

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      return redactAll(await next(input), this.redact);
    } catch (error) {
      throw this.failure(error);
    }
  }

  private failure(error: unknown): unknown {
    if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) return error;
    const { activityType } = this.context.info;
    if (!(error instanceof ApplicationFailure)) return unforeseen(error, this.redact);
    const known = isErrorType(error.type) && !RETRIED_BY_TEMPORAL.has(activityType);
    // Activities here give milliseconds; a duration in words would be the SDK's own.
    const delay: unknown = error.nextRetryDelay;
    return ApplicationFailure.create({
      type: error.type ?? 'Run.Broken',
      message: this.redact(error.message),
      nonRetryable: known || (error.nonRetryable ?? false),
      details: redactAll(error.details ?? [], this.redact) as unknown[],
      ...(typeof delay === 'number' ? { nextRetryDelay: delay } : {}),
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

/** Every string of a JSON value, redacted; the value itself when nothing was found in it. */
function redactAll(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((one) => redactAll(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redactAll(one, redact)]));
}
