import type { Slice } from '../budgets';
import type { ItemTrial } from './calls';
import type { TaskSpending } from './spending';
import type { TaskOutcome, TaskStatus, TaskTimes } from './view';

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
