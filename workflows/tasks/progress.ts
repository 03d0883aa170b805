import { leftOf, type Slice } from '../../contracts/budgets';
import type { CompleteChatsResult, ItemFailure } from '../../contracts/tasks/activities';
import type { ItemTrial } from '../../contracts/tasks/calls';
import { NOTHING_SPENT, sumOf } from '../../contracts/tasks/spending';
import type { Again, TaskState } from '../../contracts/tasks/state';
import type { TaskInput, TaskLimits } from '../../contracts/tasks/task';
import type { TaskView } from '../../contracts/tasks/view';
import { afterFailedCall, nextCall, NOT_ASKED } from '../models/next-call';

// Everything that a task decides, as pure functions over its state.

export const DEFAULT_LIMITS: TaskLimits = {
  historyEvents: 8_000,
  calls: 5,
  pauseMs: 1_000,
  waiting: 500,
  heartbeatMs: 5_000,
};

/** Where portions taper: how many of the size that is begun now are left for each in flight. */
const TURNS_LEFT = 2;

export function newTask(): TaskState {
  return {
    ...{ status: 'validating', cursor: 0, again: [], completed: 0, failed: 0, begun: 0 },
    ...{ spent: NOTHING_SPENT, slices: [], unheard: [], times: {} },
  };
}

/** The work of one activity. */
export interface Portion {
  readonly from: number;
  readonly count: number;
  readonly trial?: ItemTrial;
  readonly slice?: Slice;
  readonly nextSlice?: string;
}

/** What is to be begun now, those first that wait longest; undefined: nothing, for now or at all. */
export function nextPortion(
  state: TaskState,
  input: TaskInput,
  now: number,
  limits: TaskLimits,
): { readonly state: TaskState; readonly portion: Portion } | undefined {
  const { total, portion } = input;
  const due = state.again.find(({ notBefore }) => notBefore <= now);
  if (due !== undefined) {
    const taken = { from: due.from, count: Math.min(due.count, portion), ...(due.trial && { trial: due.trial }) };
    const rest = { ...due, from: due.from + taken.count, count: due.count - taken.count };
    const again = state.again.flatMap((one) => (one !== due ? [one] : rest.count > 0 ? [rest] : []));
    return begin({ ...state, again }, taken, input);
  }
  if (state.cursor >= total || mustWait(state, now, limits)) return undefined;
  const count = sizeOfNext(input, total - state.cursor);
  return begin({ ...state, cursor: state.cursor + count }, { from: state.cursor, count }, input);
}

/** What is left is work for as many as may be in flight, for some turns of each. */
function sizeOfNext({ portion, parallel, tapers }: TaskInput, left: number): number {
  const most = tapers === true ? Math.min(portion, Math.floor(left / (parallel * TURNS_LEFT))) : portion;
  return Math.min(Math.max(1, most), left);
}

/** When there was nobody to ask, there is nobody for the others either; and what waits must not become endless. */
function mustWait({ again }: TaskState, now: number, { waiting }: TaskLimits): boolean {
  return again.length >= waiting || again.some(({ trial, notBefore }) => trial === undefined && notBefore > now);
}

function begin(state: TaskState, taken: Omit<Portion, 'nextSlice'>, { task, base }: TaskInput) {
  const [slice, ...slices] = [...state.slices].sort((a, b) => leftOf(b) - leftOf(a));
  const begun = state.begun + 1;
  const nextSlice = base === undefined ? { nextSlice: `${task.id}#${begun}` } : {};
  const portion = { ...taken, ...nextSlice, ...(slice && { slice }) };
  return { state: { ...state, begun, slices }, portion };
}

/** When {@link nextPortion} finds something that it does not find now. */
export function nextDue({ again }: TaskState): number | undefined {
  return again.length === 0 ? undefined : Math.min(...again.map(({ notBefore }) => notBefore));
}

/** Is there nothing left that was not asked? What is in flight does not count. */
export function isAsked({ cursor, again }: TaskState, { total }: TaskInput): boolean {
  return cursor >= total && again.length === 0;
}

export function heard(
  state: TaskState,
  portion: Portion,
  result: CompleteChatsResult,
  now: number,
  limits: TaskLimits,
  expiresAt: number,
): TaskState {
  const decided = result.failures.map((failure) => afterFailure(portion, failure, now, limits, expiresAt));
  const again = decided.filter((one) => one !== 'failed');
  const { stoppedAt, retryAt = now + limits.pauseMs } = result;
  const left = stoppedAt === undefined ? [] : [leftOver(portion, stoppedAt, Math.max(retryAt, now + limits.pauseMs))];
  return {
    ...state,
    completed: state.completed + result.completed,
    failed: state.failed + decided.length - again.length,
    again: [...state.again, ...again, ...left],
    spent: sumOf([state.spent, result.spent]),
    slices: [...state.slices, ...result.slices],
  };
}

/** An activity that failed itself: what it spent and drew, nobody heard. */
export function unheardOf(state: TaskState, { slice, nextSlice }: Portion): TaskState {
  return {
    ...state,
    unheard: nextSlice === undefined ? state.unheard : [...state.unheard, nextSlice],
    slices: slice === undefined ? state.slices : [...state.slices, slice],
  };
}

/** What nobody was asked for: later, and not at once where nobody said when. */
function leftOver({ from, count, trial }: Portion, stoppedAt: number, retryAt: number): Again {
  return { from: stoppedAt, count: from + count - stoppedAt, notBefore: retryAt, ...(trial && { trial }) };
}

/** A call that failed: made again by and by, by whoever may answer then, or given up. */
function afterFailure(
  { trial: before = NOT_ASKED }: Portion,
  { index, type, told }: ItemFailure,
  now: number,
  { calls: attempts, pauseMs: delayMs }: TaskLimits,
  expiresAt: number,
): Again | 'failed' {
  const failed = { type, message: type, told: { ...told, rejected: [], findings: [] } };
  const { calls, trials } = afterFailedCall({ ...before, waits: 0 }, failed);
  const next = nextCall({ calls, trials, waits: 0 }, failed, { attempts, delayMs, waitsUntil: expiresAt }, now);
  if (next.do === 'fail') return 'failed';
  return { from: index, count: 1, trial: { calls, trials }, notBefore: next.do === 'wait' ? next.until : now };
}

export function viewOf({ status, completed, failed, spent, times, outcome }: TaskState, total: number): TaskView {
  return { status, counts: { total, completed, failed }, spent, times, ...(outcome && { outcome }) };
}
