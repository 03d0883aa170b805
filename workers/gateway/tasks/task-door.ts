import {
  Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type ConnectionLike,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { REFUSED } from '../../../contracts/messages';
import { taskWorkflowId, taskWorkflowPrefix, type Owned } from '../../../contracts/tasks/names';
import { TASK_ORDER_MEMO, type TaskOrder } from '../../../contracts/tasks/order';
import {
  MODEL_TASK,
  cancelTaskSignal,
  cancelTaskUpdate,
  taskQuery,
  type TaskInput,
} from '../../../contracts/tasks/task';
import { TASK_MEMO, hasEnded, type TaskView } from '../../../contracts/tasks/view';
import { modelsTaskQueue } from '../../../contracts/task-queues';

export interface TaskDoorOptions {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Where workflows run. */
  readonly taskQueue: string;
  /** How long Temporal may take to answer, milliseconds. */
  readonly answerMs?: number;
}

/** A task as its workflow tells it. */
export interface TaskReport {
  readonly task: Owned;
  readonly order: TaskOrder;
  readonly view: TaskView;
}

/** A worker that takes calls of models. */
export interface ModelWorker {
  readonly identity: string;
  /** When it last asked for work, epoch milliseconds. */
  readonly seenAt: number;
}

/** Temporal did not answer. */
export class TasksUnavailable extends Error {
  override readonly name = 'TasksUnavailable';
}

const ANSWER_MS = 10_000;
/** What is known without a worker is good enough, if none answers by then. */
const QUERY_MS = 2_000;
const CANCEL_MS = 3_000;
const ACTIVITIES = 2; // temporal.api.enums.v1.TaskQueueType
/** Batches of one team that are looked through for a page of them. */
const MOST_LISTED = 10_000;

type ModelTask = (input: TaskInput) => Promise<TaskView>;

/** Tasks as workflows of a Temporal server. All of it fails with {@link TasksUnavailable} while there is none. */
export class TaskDoor {
  private readonly client: Client;

  constructor(private readonly options: TaskDoorOptions) {
    this.client = new Client({ connection: options.connection, namespace: options.namespace });
  }

  /** @returns False: there is a task of that id already, and nothing was started. */
  async start(input: TaskInput, order: TaskOrder): Promise<boolean> {
    const { task, total } = input;
    const { taskQueue: base } = this.options;
    // A single completion runs where its model is asked: the worker that takes it needs no second way to the server.
    const queued = input.files
      ? { taskQueue: base, args: [input] }
      : { taskQueue: modelsTaskQueue(base), args: [{ ...input, base }] };
    return this.within(this.answerMs, async () => {
      try {
        await this.client.workflow.start(MODEL_TASK, {
          ...queued,
          workflowId: taskWorkflowId(task),
          memo: { [TASK_ORDER_MEMO]: order },
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: total === 1 ? `a completion for ${order.by}` : `${total} completions for ${order.by}`,
        });
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    });
  }

  /** How a task stands; undefined: nobody knows one of that id. */
  async look(task: Owned): Promise<TaskReport | undefined> {
    return this.within(this.answerMs, async () => {
      const handle = this.client.workflow.getHandle(taskWorkflowId(task));
      const known = await unlessUnknown(handle.describe());
      return known && this.report(task, known, true);
    });
  }

  /** The tasks of a team whose ids begin so, newest first, each as it stood when its status last changed. */
  async list(team: string | undefined, idPrefix: string): Promise<readonly TaskReport[]> {
    const prefix = taskWorkflowPrefix(team);
    const query = `WorkflowId STARTS_WITH '${prefix}${idPrefix}' AND ExecutionStatus != 'ContinuedAsNew'`;
    return this.within(this.answerMs, async () => {
      const reports: TaskReport[] = [];
      for await (const info of this.client.workflow.list({ query, pageSize: 500 })) {
        const id = info.workflowId.slice(prefix.length);
        const report = await this.report({ ...(team !== undefined && { team }), id }, info, false);
        if (report !== undefined) reports.push(report);
        if (reports.length >= MOST_LISTED) break;
      }
      return reports.sort((a, b) => b.order.createdAt - a.order.createdAt || (a.task.id < b.task.id ? 1 : -1));
    });
  }

  /** @returns Why not, where it has ended or is about to. A task that no worker runs now is cancelled when one does. */
  async cancel(task: Owned, who: string): Promise<string | undefined> {
    const handle = this.client.workflow.getHandle(taskWorkflowId(task));
    try {
      await this.client.withDeadline(Date.now() + CANCEL_MS, () =>
        handle.executeUpdate(cancelTaskUpdate, { args: [{ who }] }),
      );
      return undefined;
    } catch (error) {
      const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
      if (cause instanceof ApplicationFailure && cause.type === REFUSED) return cause.message;
      if (error instanceof WorkflowNotFoundError) return 'The task has ended.';
      return this.within(this.answerMs, async () => {
        const sent = await unlessUnknown(handle.signal(cancelTaskSignal, { who }).then(() => true));
        return sent === undefined ? 'The task has ended.' : undefined;
      });
    }
  }

  /** How a task ended; undefined where `signal` came first, or where it cannot tell. */
  async untilEnded(task: Owned, signal: AbortSignal): Promise<TaskView | undefined> {
    const handle = this.client.workflow.getHandle<ModelTask>(taskWorkflowId(task));
    return this.client.withAbortSignal(signal, () => handle.result()).catch(() => undefined);
  }

  /** Who takes calls of models, as the server saw it within the last minutes. */
  async workers(): Promise<readonly ModelWorker[]> {
    return this.within(this.answerMs, async () => {
      const { pollers } = await this.client.workflowService.describeTaskQueue({
        namespace: this.options.namespace,
        taskQueue: { name: modelsTaskQueue(this.options.taskQueue) },
        taskQueueType: ACTIVITIES,
      });
      return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
        identity: identity ?? 'unknown',
        seenAt: Number(lastAccessTime?.seconds ?? 0) * 1_000,
      }));
    });
  }

  private async report(
    task: Owned,
    { memo, status }: Pick<WorkflowExecutionInfo, 'memo' | 'status'>,
    live: boolean,
  ): Promise<TaskReport | undefined> {
    const order = memo?.[TASK_ORDER_MEMO] as TaskOrder | undefined;
    if (order === undefined) return undefined;
    const told = (memo?.[TASK_MEMO] as TaskView | undefined) ?? (await this.result(task, status)) ?? viewOfNew(order);
    if (hasEnded(told.status)) return { task, order, view: told };
    if (status.name === 'RUNNING') return { task, order, view: live ? await this.live(task, told) : told };
    // Somebody terminated the workflow: it can tell nothing itself.
    const failure = { type: 'Run.Broken', message: `The task was ended from outside (${status.name}).` };
    return { task, order, view: { ...told, status: 'failed', outcome: { failure } } };
  }

  /** As it is at this moment, where a worker answers. */
  private async live(task: Owned, told: TaskView): Promise<TaskView> {
    const handle = this.client.workflow.getHandle(taskWorkflowId(task));
    return this.client.withDeadline(Date.now() + QUERY_MS, () => handle.query(taskQuery)).catch(() => told);
  }

  /** Of one that tells nothing on its way. */
  private async result(task: Owned, { name }: WorkflowExecutionInfo['status']): Promise<TaskView | undefined> {
    if (name !== 'COMPLETED') return undefined;
    return this.client.workflow.getHandle<ModelTask>(taskWorkflowId(task)).result();
  }

  private get answerMs(): number {
    return this.options.answerMs ?? ANSWER_MS;
  }

  private async within<T>(ms: number, ask: () => Promise<T>): Promise<T> {
    try {
      return await this.client.withDeadline(Date.now() + ms, ask);
    } catch (error) {
      if (
        !isGrpcServiceError(error) &&
        !(error instanceof Error && 'cause' in error && isGrpcServiceError(error.cause))
      ) {
        throw error;
      }
      throw new TasksUnavailable(`Temporal does not answer: ${error.message}`, { cause: error });
    }
  }
}

export function viewOfNew({ total }: TaskOrder): TaskView {
  const spent = { costNano: 0, unconfirmedNano: 0, unpriced: 0, inputTokens: 0, outputTokens: 0 };
  return { status: 'validating', counts: { total, completed: 0, failed: 0 }, spent, times: {} };
}

async function unlessUnknown<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
