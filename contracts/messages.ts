import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AuditEntry, RunResult, RunView } from './run';
import type { ControlInput, ControlResult } from './sessions';

// Every message comes twice where a person may send it: as a signal, which the Web UI and `temporal workflow signal`
// can send, and as an update, which is validated and answers at once. Names are wire format: never rename one.

export interface VoteMessage {
  readonly gate: string;
  readonly who: string;
  readonly comment?: string;
}

export interface RequestMessage {
  readonly who: string;
  readonly comment?: string;
}

export interface RollbackMessage extends RequestMessage {
  /** The last stage to keep; absent: keep none. */
  readonly to?: string;
}

export interface RetryMessage extends RequestMessage {
  readonly from: string;
}

export interface PriorityMessage extends RequestMessage {
  readonly priority: number;
}

/** What the run says after a request: where it stands now. */
export interface Answer {
  readonly message: string;
}

export const approveSignal = defineSignal<[VoteMessage]>('approve');
export const rejectSignal = defineSignal<[VoteMessage]>('reject');
export const pauseSignal = defineSignal<[RequestMessage]>('pause');
export const unpauseSignal = defineSignal<[RequestMessage]>('unpause');

export const approveUpdate = defineUpdate<Answer, [VoteMessage]>('approveGate');
export const rejectUpdate = defineUpdate<Answer, [VoteMessage]>('rejectGate');
export const pauseUpdate = defineUpdate<Answer, [RequestMessage]>('pauseRun');
export const unpauseUpdate = defineUpdate<Answer, [RequestMessage]>('unpauseRun');
export const cancelUpdate = defineUpdate<Answer, [RequestMessage]>('cancelRun');
export const rollbackUpdate = defineUpdate<Answer, [RollbackMessage]>('rollbackRun');
export const retryUpdate = defineUpdate<Answer, [RetryMessage]>('retryRun');
export const priorityUpdate = defineUpdate<Answer, [PriorityMessage]>('setPriority');

export const statusQuery = defineQuery<RunView>('status');
export const auditQuery = defineQuery<readonly AuditEntry[]>('audit');
/** For a run that Temporal shows as Canceled: such an execution leaves no result. Null while the run is open. */
export const resultQuery = defineQuery<RunResult | null>('result');

/** The registered name of the workflow that runs a pipeline. */
export const PIPELINE_RUN = 'pipelineRun';

/** The registered name of the workflow that stands for a session host, and its id. */
export const SESSION_HOST = 'sessionHost';

export function hostWorkflowId(host: string): string {
  return `host/${host}`;
}

/** What {@link SESSION_HOST} is started with. */
export interface SessionHostInput {
  readonly host: string;
  /** Where the host takes work for its sessions. */
  readonly taskQueue: string;
  readonly limits?: Partial<SessionHostLimits>;
  /** The commands so far, when it continues as new. */
  readonly log?: readonly HostLogEntry[];
}

/** Tests use shorter ones; milliseconds. */
export interface SessionHostLimits {
  /** A host that takes none of its work for this long is forgotten. */
  readonly unseenMs: number;
  /** A host that does not take a command within this time does not answer. */
  readonly takenMs: number;
  /** A person waits no longer than this for an answer to a command. */
  readonly answerMs: number;
  readonly historyEvents: number;
}

/** How {@link SESSION_HOST} ended: the host left, or was not seen any more. */
export interface SessionHostResult {
  readonly left: boolean;
}

/** A command that somebody gave to a host, and what came of it. */
export interface HostLogEntry extends ControlInput {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Absent while the host is at it. */
  readonly answer?: ControlResult | { readonly failure: string };
}

/** Fails: {@link REFUSED} when the host does not answer. */
export const controlSessionsUpdate = defineUpdate<ControlResult, [ControlInput]>('controlSessions');
/** The latest commands, oldest first. */
export const hostLogQuery = defineQuery<readonly HostLogEntry[]>('hostLog');

/** `ApplicationFailure.type` of a refused request: not a failure of the run. */
export const REFUSED = 'Request.Refused';
