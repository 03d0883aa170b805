import { ApplicationFailure } from '@temporalio/common';
import type { ErrorType } from '../contracts/errors';
import type { Conversation } from '../contracts/sessions';
import type { Text } from '../contracts/text';

/**
 * A failure of contracts/errors.ts. It reaches the workflow at once, where one budget counts all kinds of attempts:
 * Temporal itself tries again only what a lost worker left behind. The first detail holds what a fixing stage is shown.
 */
export function failure(type: ErrorType, message: string, details: FailureDetails = {}): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [details] });
}

/** Is this a failure of that type? */
export function isErrorOf(error: unknown, type: ErrorType): error is ApplicationFailure {
  return error instanceof ApplicationFailure && error.type === type;
}

export interface FailureDetails {
  readonly evidence?: Text;
  readonly files?: readonly string[];
  /** What an agent said so far can be gone on with. */
  readonly conversation?: Conversation;
  /** When the usage limit that was met is lifted, epoch milliseconds. */
  readonly resetsAt?: number;
}
