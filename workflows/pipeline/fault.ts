import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
  isCancellation,
} from '@temporalio/workflow';
import { ExpressionError } from '../../contracts/expressions';
import { ERRORS, isErrorType, type ErrorType } from '../../contracts/errors';
import type { StageFailure } from '../../contracts/run';
import type { Conversation } from '../../contracts/sessions';
import type { Text } from '../../contracts/text';

/** What a failed activity says besides, in the first detail of its failure or in its last heartbeat. */
export interface FailureTells {
  /** What an agent said so far can be gone on with. */
  readonly conversation?: Conversation;
  /** When the usage limit that was met is lifted. */
  readonly resetsAt?: number;
}

/** A stage's attempt that did not end well: thrown by stage code, decided on by the engine. */
export class Fault extends Error {
  constructor(
    readonly failure: StageFailure,
    /** The provider asked to be left alone this long. */
    readonly retryAfterMs?: number,
    readonly told: FailureTells = {},
  ) {
    super(failure.message);
    this.name = 'Fault';
  }
}

export function fault(type: ErrorType, message: string, evidence?: Text): Fault {
  return new Fault({ type, message, ...(evidence === undefined ? {} : { evidence }) });
}

/**
 * What went wrong, in the words of the error table. Cancellations and bugs are thrown on: a cancellation is the
 * engine's own doing, and a bug must fail the workflow task, where it waits for a mended worker.
 */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (isCancellation(error)) throw error;
  if (error instanceof ExpressionError) return fault('Expression.Failed', error.message);
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure)
    return faultOfCause(error.cause, error.message);
  throw error;
}

function faultOfCause(cause: Error | undefined, fallback: string): Fault {
  if (cause instanceof TimeoutFailure) {
    const [type, message] =
      cause.timeoutType === 'HEARTBEAT'
        ? (['Run.Broken', 'The worker was lost again and again while it did this; see the worker log.'] as const)
        : (['Stage.TimedOut', 'The stage ran longer than its timeout.'] as const);
    return new Fault({ type, message }, undefined, tellsOf(cause.lastHeartbeatDetails));
  }
  if (!(cause instanceof ApplicationFailure)) return fault('Run.Broken', cause?.message ?? fallback);
  const type = isErrorType(cause.type) ? cause.type : 'Run.Broken';
  return new Fault(
    { type, message: cause.message, ...evidenceOf(cause.details) },
    typeof cause.nextRetryDelay === 'number' ? cause.nextRetryDelay : undefined,
    tellsOf(cause.details?.[0]),
  );
}

function tellsOf(detail: unknown): FailureTells {
  if (typeof detail !== 'object' || detail === null) return {};
  const { conversation, resetsAt } = detail as Partial<FailureTells>;
  return {
    ...(conversation === undefined ? {} : { conversation }),
    ...(resetsAt === undefined ? {} : { resetsAt }),
  };
}

/** Activities put what a fixing stage should see into the first detail, as `evidence`: a text, stored or not. */
function evidenceOf(details: ApplicationFailure['details']): { evidence?: Text } {
  const [first] = details ?? [];
  if (typeof first !== 'object' || first === null || !('evidence' in first)) return {};
  const { evidence } = first;
  if (typeof evidence === 'string') return { evidence: { inline: evidence } };
  if (typeof evidence === 'object' && evidence !== null) return { evidence: evidence as Text };
  return {};
}

/** Failures that trying again can mend although the engine would not try on its own: only where a stage asks for it. */
const WORTH_ASKING: ReadonlySet<ErrorType> = new Set([
  'Stage.CommandFailed',
  'Stage.CheckFailed',
  'Stage.Rejected',
  'Stage.TimedOut',
]);

export function isWorthRetrying(type: ErrorType): boolean {
  return ERRORS[type].retryable || WORTH_ASKING.has(type);
}

/** Failures of the work itself: an earlier stage can mend them, where a broken setup could not be. */
const MENDABLE: ReadonlySet<ErrorType> = new Set([
  'Stage.CommandFailed',
  'Stage.OutputInvalid',
  'Evaluation.Failed',
  'Stage.Rejected',
  'Stage.CheckFailed',
  'Stage.TimedOut',
  'Gate.Rejected',
  'Agent.ContractNotMet',
  'Git.Conflict',
  'Service.NotStarted',
  'Run.Failed',
]);

export function isMendable(type: ErrorType): boolean {
  return MENDABLE.has(type);
}
