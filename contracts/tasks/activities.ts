import type { BudgetScope, Slice } from '../budgets';
import type { ErrorType } from '../errors';
import type { ModelFailure } from '../models';
import type { CompletionRequestRef, ItemTrial } from './calls';
import type { Owned } from './names';
import type { TaskSpending } from './spending';
import type { TaskStatus } from './view';

/** On the queue of model workers. */
export interface ModelWorkActivities {
  /**
   * Ask for some of a task's completions, one after the other: one HTTP request at most for each. What was answered is
   * written to the task store before the next one is asked; a second try goes on behind it. A completion that fails is
   * a result here, not a failure.
   */
  completeChats(input: CompleteChatsInput): Promise<CompleteChatsResult>;
}

/** On the queue of runs: it needs no provider. */
export interface TaskActivities {
  /** Put what was answered and what failed into files. A second try writes the same files. */
  finishTask(input: FinishTaskInput): Promise<FinishTaskResult>;
}

export interface CompleteChatsInput {
  readonly task: Owned;
  readonly request: CompletionRequestRef;
  readonly from: number;
  readonly count: number;
  /** What the calls before have taught, where one request is asked again. */
  readonly trial?: ItemTrial;
  readonly timeoutMs: number;
  /** When the task expires: until then somebody who takes nothing now is waited for, epoch milliseconds. */
  readonly waitsUntil?: number;
  readonly scope: BudgetScope;
  /** What is left of a slice that nobody else uses now. */
  readonly slice?: Slice;
  /** The id of the next slice, should that not be enough; absent: its worker pays, from a purse that many tasks share. */
  readonly nextSlice?: string;
}

export interface CompleteChatsResult {
  readonly completed: number;
  /** Failed calls, in order of their requests. Whether one is made again, the task decides. */
  readonly failures: readonly ItemFailure[];
  /** From here on nobody was asked: there was nobody to ask, or the task is being cancelled. */
  readonly stoppedAt?: number;
  /** With `stoppedAt`: before this there is nobody to ask. */
  readonly retryAt?: number;
  readonly spent: TaskSpending;
  /** What it was paid from: the slice it was given, and the next one where that was drawn; none of a worker's own. */
  readonly slices: readonly Slice[];
}

export interface ItemFailure {
  readonly index: number;
  readonly type: ErrorType;
  readonly told: Pick<ModelFailure, 'trial' | 'goesOn' | 'next' | 'retryAt'>;
}

export interface FinishTaskInput {
  readonly task: Owned;
  readonly total: number;
  /** What is said of requests that nobody asked. */
  readonly because: Extract<TaskStatus, 'completed' | 'expired' | 'cancelled' | 'failed'>;
}

export interface FinishTaskResult {
  readonly completed: number;
  readonly failed: number;
  readonly output?: string;
  readonly errors?: string;
}
