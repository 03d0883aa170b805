import {
  ApplicationFailure,
  WorkflowFailedError,
  type QueryDefinition,
  type SignalDefinition,
  type UpdateDefinition,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { parseRunWorkflowId, runWorkflowId } from '../../contracts/ids';
import { PIPELINE_RUN, type Answer } from '../../contracts/messages';
import { priorityKey } from '../../contracts/priority';
import type { RunInput, RunRef, RunResult } from '../../contracts/run';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';
import { NotFoundError } from '../faults';
import type { HistoryEvent } from '../history';
import type { Door } from './door';
import { pendingOf, type Pending } from './pending';
import { quoted, toExecution, visibilityQuery, type RunExecution, type RunFilter } from './run-execution';

const QUERY_MS = 5_000;
const UPDATE_MS = 15_000;

export interface Execution {
  readonly executionId: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Temporal's own word: `COMPLETED`, `FAILED`, `CANCELLED`, `CONTINUED_AS_NEW`, … */
  readonly temporalStatus: string;
  readonly events: readonly HistoryEvent[];
}

/** What gantry asks of runs. */
export class Runs {
  constructor(private readonly door: Door) {}

  /** Start a run, or with `again` a next execution of one that has ended. Fails: RefusedError, UserError. */
  async start(input: RunInput, options: { readonly again: boolean; readonly details: string }): Promise<RunExecution> {
    const { run, definition } = input;
    await this.door.call(() =>
      this.door.client.workflow.start(PIPELINE_RUN, {
        workflowId: runWorkflowId(run.project, run.runId),
        taskQueue: this.door.target.taskQueue,
        args: [input],
        workflowIdReusePolicy: options.again ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        typedSearchAttributes: new TypedSearchAttributes([
          { key: SEARCH_ATTRIBUTES.project, value: run.project },
          { key: SEARCH_ATTRIBUTES.pipeline, value: definition.name },
          { key: SEARCH_ATTRIBUTES.status, value: 'RUNNING' },
          { key: SEARCH_ATTRIBUTES.mode, value: input.mode },
        ]),
        memo: { pipeline: definition.name },
        staticSummary: `${definition.name} · ${run.project} · ${run.runId}`,
        staticDetails: options.details,
        priority: { priorityKey: priorityKey(input.priority), fairnessKey: run.project },
      }),
    );
    return this.describe(run);
  }

  /** Fails: NotFoundError. */
  async describe(run: RunRef): Promise<RunExecution> {
    return toExecution(await this.door.call(() => this.handle(run).describe()));
  }

  /** Newest first, each run once. Runs that a stage of another run nests are left out. */
  async list(filter: RunFilter): Promise<RunExecution[]> {
    return this.door.call(async () => {
      // A resumed run, and one that continued as new, has several executions: the newest speaks for it.
      const newest = new Map<string, RunExecution>();
      for await (const info of this.door.client.workflow.list({ query: visibilityQuery(filter), pageSize: 200 })) {
        if (!parseRunWorkflowId(info.workflowId) || info.parentExecution) continue;
        const known = newest.get(info.workflowId);
        if (!known && newest.size >= filter.limit) break;
        const execution = toExecution(info);
        if (!known || execution.startedAt > known.startedAt) newest.set(info.workflowId, execution);
      }
      return [...newest.values()].sort((a, b) => b.startedAt - a.startedAt);
    });
  }

  /** Ask the workflow itself. Fails: NoWorkerError when no worker answers within five seconds. */
  async query<T>(run: RunRef, query: QueryDefinition<T>): Promise<T> {
    return this.door.call(() => this.handle(run).query(query), { deadlineMs: QUERY_MS, needsWorker: true });
  }

  /** Ask the workflow to do something and wait for its answer. Fails: RefusedError, NoWorkerError. */
  async update<M>(run: RunRef, update: UpdateDefinition<Answer, [M]>, updateId: string, message: M): Promise<Answer> {
    return this.door.call(() => this.handle(run).executeUpdate(update, { args: [message], updateId }), {
      deadlineMs: UPDATE_MS,
      needsWorker: true,
    });
  }

  /** Leave a message for the workflow: the server keeps it until a worker is there. */
  async signal<M>(run: RunRef, signal: SignalDefinition<[M]>, message: M): Promise<void> {
    await this.door.call(() => this.handle(run).signal(signal, message));
  }

  /** Ask Temporal to cancel a run, so that its own lists and Web UI call it canceled. Does nothing once it has ended. */
  async requestCancel(run: RunRef): Promise<void> {
    try {
      await this.door.call(() => this.handle(run).cancel());
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  /** How a closed run ended; undefined where Temporal cancelled, terminated or timed it out, which leaves no result. */
  async result(run: RunRef): Promise<RunResult | undefined> {
    return this.door.call(async () => {
      try {
        return (await this.handle(run).result()) as RunResult;
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        const { cause } = error;
        return cause instanceof ApplicationFailure ? (cause.details?.[0] as RunResult | undefined) : undefined;
      }
    });
  }

  /** What the newest execution of a run was started with. */
  async inputOf(run: RunRef): Promise<RunInput> {
    const response = await this.door.call(() =>
      this.door.connection.workflowService.getWorkflowExecutionHistory({
        namespace: this.door.target.namespace,
        execution: { workflowId: runWorkflowId(run.project, run.runId) },
        maximumPageSize: 1,
      }),
    );
    const [started] = response.history?.events ?? [];
    const { payloads } = started?.workflowExecutionStartedEventAttributes?.input ?? {};
    return (await this.door.decode(payloads ?? [])) as unknown as RunInput;
  }

  /** What workers are doing for a run now, as they said with their last heartbeats. */
  async pendingActivities(run: RunRef): Promise<Pending[]> {
    const { raw } = await this.door.call(() => this.handle(run).describe());
    return pendingOf(this.door, raw);
  }

  /** Every execution of a run, oldest first: as often as it was resumed, retried, rolled back or continued as new. */
  async executionsOf(run: RunRef): Promise<Execution[]> {
    const query = `WorkflowId = ${quoted(runWorkflowId(run.project, run.runId))}`;
    const found: WorkflowExecutionInfo[] = [];
    await this.door.call(async () => {
      for await (const info of this.door.client.workflow.list({ query })) found.push(info);
    });
    const oldestFirst = found.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
    return Promise.all(
      oldestFirst.map(async ({ runId, status, startTime }) => {
        const { events } = await this.history(run, runId);
        return { executionId: runId, startedAt: startTime.getTime(), temporalStatus: status.name, events };
      }),
    );
  }

  /** The history of the newest execution or of the one named, in the form Temporal's own tools export. */
  async history(run: RunRef, executionId?: string): Promise<{ readonly events: readonly HistoryEvent[] }> {
    const history = await this.door.call(() => this.handle(run, executionId).fetchHistory(), { deadlineMs: 60_000 });
    return JSON.parse(historyToJSON(history)) as { events: HistoryEvent[] };
  }

  private handle(run: RunRef, executionId?: string) {
    return this.door.client.workflow.getHandle(runWorkflowId(run.project, run.runId), executionId);
  }
}
