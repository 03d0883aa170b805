import type { TaskSpending } from './spending';

// How a task stands, as everybody outside its workflow reads it. The words for its status are those of OpenAI's batches.
// Times are epoch milliseconds.

/** `validating`: accepted, and no worker has begun. */
export const TASK_STATUSES = [
  'validating',
  'in_progress',
  'finalizing',
  'completed',
  'failed',
  'expired',
  'cancelling',
  'cancelled',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export function hasEnded(status: TaskStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'expired' || status === 'cancelled';
}

/** When it came to each status; absent: it did not. */
export interface TaskTimes {
  readonly inProgressAt?: number;
  readonly cancellingAt?: number;
  readonly finalizingAt?: number;
  readonly endedAt?: number;
}

export interface TaskOutcome {
  /** The ids of files. */
  readonly output?: string;
  readonly errors?: string;
  /** Why the task itself failed. */
  readonly failure?: { readonly type: string; readonly message: string };
}

/** How a task stands: the answer to `taskQuery`, and in the memo since its status last changed. */
export interface TaskView {
  readonly status: TaskStatus;
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly spent: TaskSpending;
  readonly times: TaskTimes;
  readonly outcome?: TaskOutcome;
}

/** The key of {@link TaskView} in the memo of a task without `base`: it is read without a worker, also at its end. */
export const TASK_MEMO = 'task';
