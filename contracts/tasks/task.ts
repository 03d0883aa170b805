import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BudgetScope } from '../budgets';
import type { Answer, RequestMessage } from '../messages';
import type { CompletionRequestRef } from './calls';
import type { Owned } from './names';
import type { TaskState } from './state';
import type { TaskView } from './view';

// A task asks models for one chat completion or for many, durably: each is a workflow. Names are wire format: never
// rename one. Times are epoch milliseconds, lengths milliseconds.

/** The registered name of the workflow of a task. */
export const MODEL_TASK = 'modelTask';

/** What {@link MODEL_TASK} is started with: the requests themselves are in the task store of the home. */
export interface TaskInput {
  readonly task: Owned;
  readonly total: number;
  /** Requests of one activity at most: few are asked one by one. */
  readonly portion: number;
  /** Portions become smaller towards the end, so that no worker is still at a large one when the others are done. */
  readonly tapers?: boolean;
  /** Activities in flight at most. */
  readonly parallel: number;
  readonly expiresAt: number;
  /** For each call. */
  readonly timeoutMs: number;
  readonly request: CompletionRequestRef;
  readonly scope: BudgetScope;
  /** The answers and errors become files; absent: they are read one by one from the task store. */
  readonly files: boolean;
  readonly limits?: Partial<TaskLimits>;
  /**
   * Of a task that runs on the queue of model workers itself: the queue of runs. Whoever takes such a task asks the
   * model at once, nothing of it is told on the way, and how it ended is its result alone.
   */
  readonly base?: string;
  /** All it knows, when it continues as new. */
  readonly carried?: TaskState;
}

/** Tests use others. */
export interface TaskLimits {
  readonly historyEvents: number;
  /** Calls for one request at most; waiting for a provider is none. */
  readonly calls: number;
  /** Before a candidate that has failed is asked again; doubled with each further failure. */
  readonly pauseMs: number;
  /** Requests that wait for another call: with more of them, no new one is begun. */
  readonly waiting: number;
  readonly heartbeatMs: number;
}

export const taskQuery = defineQuery<TaskView>('task');
/** From the Web UI too: `{"who": "your name"}`. */
export const cancelTaskSignal = defineSignal<[RequestMessage]>('cancel');
/** Fails: Request.Refused once the task has ended, or is about to. */
export const cancelTaskUpdate = defineUpdate<Answer, [RequestMessage]>('cancelTask');
