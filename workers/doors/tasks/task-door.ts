import {
  Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type ConnectionLike,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { REFUSED } from '../../../contracts/messages';
import { ownedBy, taskWorkflowId, taskWorkflowPrefix, type Owned } from '../../../contracts/tasks/names';
import { TASK_ORDER_MEMO, type TaskOrder } from '../../../contracts/tasks/order';
import { MODEL_TASK, cancelTaskSignal, cancelTaskUpdate, type TaskInput } from '../../../contracts/tasks/task';
import type { TaskView } from '../../../contracts/tasks/view';
import { modelsTaskQueue } from '../../../contracts/task-queues';
import { modelWorkers, type ModelWorker } from './model-workers';
import { answerWithin, unlessUnknown } from './server-answers';
import { reportAsTold, reportNow, type ModelTask, type TaskReport } from './task-report';

export interface TaskDoorOptions {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Where workflows run. */
  readonly taskQueue: string;
  /** How long Temporal may take to answer, milliseconds. */
  readonly answerMs?: number;
}

const ANSWER_MS = 10_000;
/** How long a worker may take to say that it cancels: without one, a signal waits for it at the server. */
const CANCEL_MS = 3_000;
/** Batches of one team that are looked through for a page of them. */
const MOST_LISTED = 10_000;
const ENDED = 'The task has ended.';

/** Tasks as workflows of a Temporal server. All of it fails with TasksUnavailable while there is none. */
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
    return this.answer(async () => {
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

  /** How a task stands now; undefined: nobody knows one of that id. */
  async look(task: Owned): Promise<TaskReport | undefined> {
    return this.answer(async () => {
      const known = await unlessUnknown(this.client.workflow.getHandle(taskWorkflowId(task)).describe());
      return known && reportNow(this.client, task, known);
    });
  }

  /** The tasks of a team whose ids begin so, newest first, each as it stood when its status last changed. */
  async list(team: string | undefined, idPrefix: string): Promise<readonly TaskReport[]> {
    const prefix = taskWorkflowPrefix(team);
    const query = `WorkflowId STARTS_WITH '${prefix}${idPrefix}' AND ExecutionStatus != 'ContinuedAsNew'`;
    return this.answer(async () => {
      const reports: TaskReport[] = [];
      for await (const info of this.client.workflow.list({ query, pageSize: 500 })) {
        const task = ownedBy(team, info.workflowId.slice(prefix.length));
        const report = await reportAsTold(this.client, task, info);
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
      if (error instanceof WorkflowNotFoundError) return ENDED;
      return this.answer(async () => {
        const sent = await unlessUnknown(handle.signal(cancelTaskSignal, { who }).then(() => true));
        return sent === undefined ? ENDED : undefined;
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
    return this.answer(() => modelWorkers(this.client, this.options.taskQueue));
  }

  private answer<T>(ask: () => Promise<T>): Promise<T> {
    return answerWithin(this.client, this.options.answerMs ?? ANSWER_MS, ask);
  }
}
