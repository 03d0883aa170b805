import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BudgetScope, Slice } from '../budgets';
import type { Answer, RequestMessage } from '../messages';
import type { NanoDollars } from '../money';
import type { CompletionRequestRef, ItemTrial } from './activities';

// A task asks models for one chat completion or for many, durably: each is a workflow, and the words for its status
// are those of OpenAI's batches. Names are wire format: never rename one. Times are epoch milliseconds, lengths
// milliseconds, money whole nano-dollars.

/** The registered name of the workflow of a task. */
export const MODEL_TASK = 'modelTask';

/** Whose a task or a file is, and what it is called: `task_5f…`, `batch_5f…`, `file-5f…`. */
export interface Owned {
  /** Absent: of those whose key names no team, and of everybody where there are no keys. */
  readonly team?: string;
  readonly id: string;
}

/** The folder of a team, in ids and in directories. No team is called `_`. */
export function teamFolder(team: string | undefined): string {
  return team ?? '_';
}

/** What the ids of a team's tasks begin with. */
export function taskWorkflowPrefix(team: string | undefined): string {
  return `task/${teamFolder(team)}/`;
}

/** `task/<team>/<task id>`: nobody can name the task of another team. */
export function taskWorkflowId({ team, id }: Owned): string {
  return `${taskWorkflowPrefix(team)}${id}`;
}

/** What a task may be called. Good for a file and a workflow id. */
export const TASK_ID_PATTERN = /^(task|batch)_[a-z0-9]{8,64}$/;

/** The most that a task may hold, as OpenAI has it. */
export const TASK_LIMITS = { requests: 50_000, bytes: 200 * 1024 * 1024 } as const;

/** How long a task may take when nobody says otherwise. */
export const TASK_LIFE_MS = 24 * 3_600_000;

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

/**
 * How far a task is. All requests below `cursor` are done but those in `again` and those in flight; nothing is in flight
 * when it continues as new. So fifty thousand of them are remembered in one number.
 */
export interface TaskState {
  readonly status: TaskStatus;
  readonly cursor: number;
  readonly again: readonly Again[];
  readonly completed: number;
  readonly failed: number;
  /** Activities begun: each names the slice that it may draw after its number. */
  readonly begun: number;
  readonly spent: TaskSpending;
  /** Slices with something left, which no activity uses now. */
  readonly slices: readonly Slice[];
  /** Slices that a failed activity may have drawn. */
  readonly unheard: readonly string[];
  readonly times: TaskTimes;
  readonly outcome?: TaskOutcome;
}

/** Requests that are asked, or asked again, later: one with what its calls have taught, or several nobody asked yet. */
export interface Again {
  readonly from: number;
  readonly count: number;
  readonly trial?: ItemTrial;
  readonly notBefore: number;
}

export interface TaskSpending {
  readonly costNano: NanoDollars;
  /** Of it, for calls whose worker was lost: they are counted at what they were expected to cost. */
  readonly unconfirmedNano: NanoDollars;
  /** Answers of models whose price nobody knows. */
  readonly unpriced: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
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

/** How a task stands: the answer to {@link taskQuery}, and in the memo since its status last changed. */
export interface TaskView {
  readonly status: TaskStatus;
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly spent: TaskSpending;
  readonly times: TaskTimes;
  readonly outcome?: TaskOutcome;
}

/** The key of {@link TaskView} in the memo of a task without `base`: it is read without a worker, also at its end. */
export const TASK_MEMO = 'task';

/** The key of {@link TaskOrder} in the memo. */
export const TASK_ORDER_MEMO = 'order';

/** What was ordered, and how: never changes. */
export interface TaskOrder {
  readonly kind: 'one' | 'many';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly total: number;
  /** SHA-256 of what was asked for: another order under the same key is refused. */
  readonly digest: string;
  /** Who ordered it: the name of a key. */
  readonly by: string;
  /** Of a batch. */
  readonly inputFile?: string;
  /** The time it was given, as its client wrote it: `24h`. */
  readonly window?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export const taskQuery = defineQuery<TaskView>('task');
/** From the Web UI too: `{"who": "your name"}`. */
export const cancelTaskSignal = defineSignal<[RequestMessage]>('cancel');
/** Fails: Request.Refused once the task has ended, or is about to. */
export const cancelTaskUpdate = defineUpdate<Answer, [RequestMessage]>('cancelTask');
