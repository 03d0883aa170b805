import { runWorkflowId } from '../../contracts/ids';
import { PIPELINE_RUN } from '../../contracts/messages';
import { priorityOfKey, PRIORITY } from '../../contracts/priority';
import type { RunRef } from '../../contracts/run';
import type { ReserveInput } from '../../contracts/sessions';
import { poolOfTaskQueue, poolTaskQueue } from '../../contracts/task-queues';
import { atMost } from '../at-most';
import type { Door } from './door';
import { pendingOf, type Pending } from './pending';
import { toExecution } from './run-execution';

/** What holds a place in the queue of a pool. */
const WAITING = 'reserveSession';
const AT_ONCE = 16;
/** Runs that are looked at: beyond that an answer would come too late to be true. */
const MOST_RUNS = 500;
/** Pages of a history that are searched, newest first, for what an activity was given. */
const PAGES = 5;
const PAGE_EVENTS = 200;

const WORKFLOWS = 1; // temporal.api.enums.v1.TaskQueueType
const ACTIVITIES = 2;

export interface QueuePollers {
  readonly workflow: readonly string[];
  readonly activity: readonly string[];
}

/** A prompt's place in the queue of one pool. */
export interface WaitingPrompt {
  readonly run: RunRef;
  /** Absent where the server does not tell. */
  readonly stage?: string;
  readonly pool: string;
  readonly priority: number;
  /** Epoch milliseconds. */
  readonly since: number;
}

export interface WaitingPrompts {
  readonly prompts: readonly WaitingPrompt[];
  /** More runs are open than were looked at. */
  readonly more: boolean;
}

/** What the server knows of task queues; no workflow and no worker is asked. */
export class Queues {
  constructor(private readonly door: Door) {}

  /** Who polls the task queue now, by identity. */
  async pollers(taskQueue = this.door.target.taskQueue): Promise<QueuePollers> {
    const of = async (type: typeof WORKFLOWS | typeof ACTIVITIES) =>
      ((await this.describe(taskQueue, type)).pollers ?? []).map(({ identity }) => identity ?? 'unknown');
    return { workflow: await of(WORKFLOWS), activity: await of(ACTIVITIES) };
  }

  /** How many places the server counts in the queue of a pool: about, and without saying whose. */
  async depth(pool: string): Promise<number> {
    const { stats } = await this.describe(poolTaskQueue(this.door.target.taskQueue, pool), ACTIVITIES);
    return stats?.approximateBacklogCount?.toNumber() ?? 0;
  }

  /** Every place that prompts of open runs hold, in no order. */
  async waiting(): Promise<WaitingPrompts> {
    const runs: { readonly workflowId: string; readonly run: RunRef }[] = [];
    let more = false;
    await this.door.call(async () => {
      const query = `WorkflowType = '${PIPELINE_RUN}' AND ExecutionStatus = 'Running'`;
      for await (const info of this.door.client.workflow.list({ query, pageSize: 200 })) {
        more = runs.length >= MOST_RUNS;
        if (more) break;
        runs.push({ workflowId: info.workflowId, run: toExecution(info).run });
      }
    });
    const prompts = await atMost(AT_ONCE, runs, ({ run }) => this.waitingOf(run));
    return { prompts: prompts.flat(), more };
  }

  /** The places of one run. */
  async waitingOf(run: RunRef): Promise<WaitingPrompt[]> {
    const workflowId = runWorkflowId(run.project, run.runId);
    const { raw } = await this.door.call(() => this.door.client.workflow.getHandle(workflowId).describe());
    const places = (await pendingOf(this.door, raw)).filter(({ type, waits }) => type === WAITING && waits);
    if (places.length === 0) return [];
    const given = await this.givenTo(workflowId, new Set(places.map(({ activityId }) => activityId)));
    return places.flatMap((place) => promptOf(run, place, given.get(place.activityId), this.door.target.taskQueue));
  }

  /** What activities were scheduled with, by activity id: an activity that waits is near the end of a history. */
  private async givenTo(workflowId: string, wanted: ReadonlySet<string>): Promise<Map<string, Partial<ReserveInput>>> {
    const found = new Map<string, Partial<ReserveInput>>();
    const { namespace } = this.door.target;
    let nextPageToken: Uint8Array | null | undefined;
    for (let page = 0; page < PAGES && found.size < wanted.size; page += 1) {
      const answer = await this.door.call(() =>
        this.door.connection.workflowService.getWorkflowExecutionHistoryReverse({
          ...{ namespace, execution: { workflowId }, maximumPageSize: PAGE_EVENTS },
          ...(nextPageToken && { nextPageToken }),
        }),
      );
      for (const { activityTaskScheduledEventAttributes: scheduled } of answer.history?.events ?? []) {
        const id = scheduled?.activityId ?? '';
        if (!wanted.has(id) || found.has(id)) continue;
        found.set(id, ((await this.door.decode(scheduled?.input?.payloads ?? [])) ?? {}) as Partial<ReserveInput>);
      }
      nextPageToken = answer.nextPageToken;
      if (!nextPageToken || nextPageToken.length === 0) break;
    }
    return found;
  }

  private describe(taskQueue: string, taskQueueType: typeof WORKFLOWS | typeof ACTIVITIES) {
    const request = { namespace: this.door.target.namespace, taskQueue: { name: taskQueue }, taskQueueType };
    return this.door.call(() =>
      this.door.connection.workflowService.describeTaskQueue({ ...request, reportStats: true }),
    );
  }
}

/** Pure: what a pending activity says of a prompt's place. A server that does not tell the queue is not understood. */
export function promptOf(
  run: RunRef,
  pending: Pending,
  given: Partial<ReserveInput> | undefined,
  taskQueue: string,
): WaitingPrompt[] {
  const pool = poolOfTaskQueue(taskQueue, pending.taskQueue) ?? given?.pool;
  if (pool === undefined) return [];
  return [
    {
      run,
      ...(given?.stage !== undefined && { stage: given.stage }),
      pool,
      priority: pending.priorityKey === undefined ? PRIORITY.usual : priorityOfKey(pending.priorityKey),
      since: pending.scheduledAt ?? 0,
    },
  ];
}
