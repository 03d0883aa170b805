import { CancellationScope, isCancellation, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../../contracts/activities';
import type { ExpressionScope, StageDefinition } from '../../contracts/definition';
import type { StageKey } from '../../contracts/ids';
import type { Json } from '../../contracts/json';
import {
  DEFAULT_LIMITS,
  type EndStatus,
  type RunInput,
  type RunLimits,
  type StageFailure,
  type StageRecord,
} from '../../contracts/run';
import { graphOf, type Graph } from './graph';
import type { Cell } from './plan';
import type { RunEvent } from './run-events';
import { reduce } from './reduce';
import { scopeFor } from './scope';
import { initialState, onlyWaits, type RunState, type Stop } from './state';
import { Workspaces } from './workspaces';

/**
 * One run while it executes: its state, the work in flight, and the way both change. The only place that holds
 * anything mutable; all decisions are made by pure functions over `state`.
 */
export class RunContext {
  readonly graph: Graph;
  readonly limits: RunLimits;
  readonly workspaces: Workspaces;
  state: RunState;
  /** Set by every event; the main loop waits for it. */
  changed = true;
  /** The history has grown enough: finish what is at work, begin nothing. */
  draining = false;
  /** A bug in workflow code: fails the workflow task from the main loop. */
  crash: unknown;
  private asides = 0;
  private readonly inFlight = new Map<StageKey, CancellationScope>();

  constructor(readonly input: RunInput) {
    this.graph = graphOf(input.definition);
    this.limits = { ...DEFAULT_LIMITS, ...input.limits };
    this.workspaces = new Workspaces(this);
    this.state =
      input.snapshot === undefined ? initialState(input, Date.now()) : (input.snapshot as unknown as RunState);
  }

  get runId(): string {
    return this.input.run.runId;
  }

  apply(event: RunEvent): void {
    this.state = reduce(this.state, event, Date.now());
    this.changed = true;
  }

  record(key: StageKey): StageRecord {
    const record = this.state.stages[key];
    if (record === undefined) throw new Error(`stage ${key} was never entered`);
    return record;
  }

  scope(key?: StageKey, own?: { readonly output: Json }): ExpressionScope {
    return scopeFor(this.input, this.state, key, own);
  }

  get busy(): ReadonlySet<StageKey> {
    return new Set(this.inFlight.keys());
  }

  /** Enter a matrix: one cell for each combination, all of them pending. */
  expand(stage: StageDefinition, cells: readonly Cell[]): void {
    this.apply({ type: 'cells.expanded', stage: stage.id, kind: stage.kind, cells });
  }

  /** A stage that cannot even begin. */
  breakStage(stage: StageDefinition, failure: StageFailure): void {
    const key = stage.id;
    this.apply({ type: 'stage.entered', key, kind: stage.kind, waits: false });
    this.apply({ type: 'stage.failed', key, turn: this.record(key).turn, failure, product: {} });
    this.stop({ kind: 'failed', stage: key }, failure);
  }

  /** Forget how some stages ended, so that they are done again. Their turns go on counting. */
  forget(which: (record: StageRecord) => boolean): void {
    this.apply({
      type: 'forgotten',
      keys: Object.values(this.state.stages)
        .filter(which)
        .map((one) => one.key),
    });
  }

  /** A bug fails the workflow task, where it waits for a mended worker. */
  throwCrash(): void {
    if (this.crash === undefined) return;
    throw this.crash instanceof Error ? this.crash : new Error('workflow code threw something that is no error');
  }

  /** Put everything down for continue-as-new: what works finishes, what only waits is put down as it is. */
  drain(): void {
    this.draining = true;
    this.changed = true;
    this.interrupt([...this.busy].filter((key) => key === 'after' || onlyWaits(this.state, key)));
  }

  end(status: EndStatus): void {
    this.apply({ type: 'ended', status });
  }

  /** Begin a stage's work beside everything else; it can be ended alone. */
  begin(key: StageKey, work: () => Promise<void>): void {
    const scope = new CancellationScope();
    this.inFlight.set(key, scope);
    const ended = (error?: unknown): void => {
      if (error !== undefined && !isCancellation(error)) this.crash ??= error;
      this.inFlight.delete(key);
      this.changed = true;
    };
    // The SDK keeps a stack trace of every promise, which is most of what a stage costs a worker: make few of them.
    void scope.run(work).then(() => ended(), ended);
  }

  /** Do what nobody waits for, such as giving a session back. Nothing stops it, and the run ends only after it. */
  aside(work: () => Promise<void>): void {
    this.asides += 1;
    const ended = (error?: unknown): void => {
      if (error !== undefined && !isCancellation(error)) this.crash ??= error;
      this.asides -= 1;
      this.changed = true;
    };
    void CancellationScope.nonCancellable(work).then(() => ended(), ended);
  }

  /** Has all that was done aside ended? */
  get isTidy(): boolean {
    return this.asides === 0;
  }

  /** End work in flight: agents and commands really stop before their stage counts as ended. */
  interrupt(keys: Iterable<StageKey>): void {
    for (const key of keys) this.inFlight.get(key)?.cancel();
  }

  /** Take no new work. A person's or a limit's stop ends work in flight too, a failure lets it finish. */
  stop(stop: Stop, failure?: StageFailure): void {
    const outranked = this.state.stop !== undefined && !isPersons(stop);
    if (outranked || this.state.undoing) return;
    this.apply({ type: 'stopped', stop, ...(failure === undefined ? {} : { failure }) });
    const letsFinish = stop.kind === 'failed' || stop.kind === 'budget';
    this.interrupt(letsFinish ? [...this.busy].filter((key) => onlyWaits(this.state, key)) : this.busy);
  }

  /** No further attempt may begin now. */
  get mustPark(): boolean {
    return this.draining || this.state.stop !== undefined;
  }

  /** Activities on the run's own task queue. The worker heartbeats for them, so a lost one is noticed in seconds. */
  activities(summary: string, options: ActivityOptions = {}): Activities {
    return proxyActivities<Activities>({
      startToCloseTimeout: '10m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
      cancellationType: REALLY_STOPPED,
      retry: LOST_WORKER_RETRY,
      summary: summary.slice(0, 200),
      ...options,
    });
  }
}

/**
 * A cancelled stage has ended only once its command or agent really has: what takes it back must not race with it.
 * The SDK's documentation calls this the default; what it sends without it is TRY_CANCEL.
 */
export const REALLY_STOPPED = 'WAIT_CANCELLATION_COMPLETED';

/** How soon a lost worker is noticed. Every activity is heartbeaten from a timer, busy or not. */
export const HEARTBEAT_TIMEOUT_MS = 5_000;

/**
 * Temporal tries again only what a lost worker left behind: every failure of contracts/errors.ts reaches the
 * workflow at once, where one budget counts all kinds of attempts.
 */
export const LOST_WORKER_RETRY = {
  initialInterval: 200,
  backoffCoefficient: 2,
  maximumInterval: 10_000,
  maximumAttempts: 100,
};

function isPersons(stop: Stop): boolean {
  return stop.kind === 'cancel' || stop.kind === 'rollback';
}
