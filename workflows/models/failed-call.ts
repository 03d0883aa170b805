import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { isErrorType } from '../../contracts/errors';
import type { ModelFailure } from '../../contracts/models';
import type { FailedCall } from './next-call';

/** What a failed activity says of its call; undefined where the call is not what failed: lost workers, timeouts, bugs. */
export function failedCallOf(error: unknown): FailedCall | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  const told = toldIn(cause.details);
  const type = isErrorType(cause.type) ? cause.type : 'Run.Broken';
  return { type, message: cause.message, ...(told === undefined ? {} : { told }) };
}

/** What is heard of a call that failed or was cancelled; undefined: nobody knows what became of it. */
export function heardOf(error: unknown): ModelFailure | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause } = error;
  if (cause instanceof TimeoutFailure) return undefined;
  return cause instanceof ApplicationFailure || cause instanceof CancelledFailure ? toldIn(cause.details) : undefined;
}

/**
 * Does nobody know what became of the call? One that was cancelled with nothing to tell was never made, and one that
 * failed before it asked anybody has drawn nothing.
 */
export function isUnheard(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (cause instanceof CancelledFailure) return false;
  return !(cause instanceof ApplicationFailure) || (cause.type === 'Run.Broken' && toldIn(cause.details) === undefined);
}

function toldIn(details: readonly unknown[] | undefined | null): ModelFailure | undefined {
  const [first] = details ?? [];
  if (typeof first !== 'object' || first === null || !('goesOn' in first)) return undefined;
  return first as ModelFailure;
}
