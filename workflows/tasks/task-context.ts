import {
  CancellationScope,
  condition,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { ModelWorkActivities } from '../../contracts/tasks/activities';
import type { TaskState } from '../../contracts/tasks/state';
import type { TaskInput, TaskLimits } from '../../contracts/tasks/task';
import { TASK_MEMO, type TaskView } from '../../contracts/tasks/view';
import { modelsTaskQueue } from '../../contracts/task-queues';
import type { Alarm } from '../breakers/alarm';
import { LOST_WORKER_RETRY, REALLY_STOPPED } from '../pipeline/run-context';
import { detailsOf } from './details';
import { failureOf } from './failure-of';
import {
  DEFAULT_LIMITS,
  heard,
  isAsked,
  newTask,
  nextDue,
  nextPortion,
  unheardOf,
  viewOf,
  type Portion,
} from './progress';

/** Why a task asks for nothing more before all of it is done. */
export type Stop = 'cancelled' | 'expired' | 'failed';

/** Time for an activity to write down and report what came of its last call. */
const MARGIN_MS = 60_000;

/** Single requests have somebody waiting for them; batches have not. */
const PRIORITY = { one: 2, many: 4 };

/** The server's limit on the name of a share of a queue. */
const FAIRNESS_KEY_BYTES = 64;

/** One execution of a task: its state, what is in flight, and what of both others have been told. */
export class TaskContext {
  readonly limits: TaskLimits;
  state: TaskState;
  stop: Stop | undefined;
  /** Something has happened that the workflow has not looked at. */
  woken = false;
  inFlight = 0;
  private readonly calls = new CancellationScope();
  /** The status in the memo. */
  private told: string | undefined;
  private awaken: (() => void) | undefined;

  constructor(readonly input: TaskInput) {
    this.limits = { ...DEFAULT_LIMITS, ...input.limits };
    this.state = input.carried ?? newTask();
    this.told = input.carried?.status;
    if (input.carried === undefined) this.enter('in_progress', { inProgressAt: Date.now() });
  }

  get view(): TaskView {
    return viewOf(this.state, this.input.total);
  }

  wake(): void {
    this.woken = true;
    this.awaken?.();
  }

  /**
   * Until something happens. A promise of its own costs fewer steps through the sandbox than a condition, and the order
   * of what happens at once is another.
   */
  untilWoken(): Promise<void> {
    if (this.input.base === undefined) return condition(() => this.woken);
    return new Promise((resolve) => {
      this.awaken = resolve;
      if (this.woken) resolve();
    });
  }

  enter(status: TaskState['status'], times: TaskState['times'], outcome?: TaskState['outcome']): void {
    const { state } = this;
    this.state = { ...state, status, times: { ...state.times, ...times }, ...(outcome && { outcome }) };
  }

  /** Ask for nothing more, and abort what is being asked: what was answered is kept. */
  stopFor(stop: Stop, failure?: { readonly type: string; readonly message: string }): void {
    if (this.stop !== undefined) return;
    this.stop = stop;
    if (failure !== undefined) this.state = { ...this.state, outcome: { failure } };
    this.calls.cancel();
    this.wake();
  }

  /** Begin what may be begun now. */
  begin(): void {
    while (this.stop === undefined && this.inFlight < this.input.parallel) {
      const next = nextPortion(this.state, this.input, Date.now(), this.limits);
      if (next === undefined) return;
      this.state = next.state;
      void this.ask(next.portion);
    }
  }

  get isAsked(): boolean {
    return isAsked(this.state, this.input);
  }

  setAlarm(alarm: Alarm): void {
    const { expiresAt } = this.input;
    alarm.set(expiresAt, 'until it expires');
    const due = nextDue(this.state);
    if (due !== undefined && due > Date.now() && due < expiresAt) alarm.set(due, 'until requests are tried again');
  }

  /** The memo costs an event, so it follows the status alone; the details of the Web UI cost nothing. */
  publish(): void {
    const { view, input } = this;
    setCurrentDetails(detailsOf(input, view, this.inFlight));
    if (input.base !== undefined || this.told === view.status) return;
    this.told = view.status;
    upsertMemo({ [TASK_MEMO]: view });
  }

  /** The queue of what needs no provider. */
  get base(): string {
    return this.input.base ?? workflowInfo().taskQueue;
  }

  private async ask(portion: Portion): Promise<void> {
    this.inFlight += 1;
    try {
      const result = await this.calls.run(() => this.activity(portion).completeChats(this.inputOf(portion)));
      this.state = heard(this.state, portion, result, Date.now(), this.limits, this.input.expiresAt);
    } catch (error) {
      this.state = unheardOf(this.state, portion);
      if (!isCancellation(error) && this.stop === undefined) {
        const failure = failureOf(error);
        log.warn('requests could not be worked on', { from: portion.from, count: portion.count, ...failure });
        this.stopFor('failed', failure);
      }
    } finally {
      this.inFlight -= 1;
      this.wake();
    }
  }

  private inputOf({ from, count, trial, slice, nextSlice }: Portion) {
    const { task, request, timeoutMs, scope, expiresAt: waitsUntil } = this.input;
    const paying = { ...(slice && { slice }), ...(nextSlice !== undefined && { nextSlice }) };
    return { task, request, from, count, timeoutMs, waitsUntil, scope, ...(trial && { trial }), ...paying };
  }

  private activity({ from, count }: Portion): ModelWorkActivities {
    const { total, timeoutMs, task } = this.input;
    const which = count === 1 ? `request ${from + 1}` : `requests ${from + 1} to ${from + count}`;
    return proxyActivities<ModelWorkActivities>({
      taskQueue: modelsTaskQueue(this.base),
      // From when a worker takes it: how long it waits for one has no limit but the task's.
      startToCloseTimeout: count * timeoutMs + MARGIN_MS,
      heartbeatTimeout: this.limits.heartbeatMs,
      cancellationType: REALLY_STOPPED,
      retry: LOST_WORKER_RETRY,
      priority: {
        priorityKey: total === 1 ? PRIORITY.one : PRIORITY.many,
        fairnessKey: (task.team ?? '_').slice(0, FAIRNESS_KEY_BYTES),
      },
      summary: `${which} of ${total}`,
    });
  }
}
