import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { taskWorkflowId, type Owned } from '../../../contracts/tasks/names';
import { TASK_ORDER_MEMO, type TaskOrder } from '../../../contracts/tasks/order';
import { NOTHING_SPENT } from '../../../contracts/tasks/spending';
import { taskQuery, type TaskInput } from '../../../contracts/tasks/task';
import { TASK_MEMO, hasEnded, type TaskView } from '../../../contracts/tasks/view';

/** A task as its workflow tells it. */
export interface TaskReport {
  readonly task: Owned;
  readonly order: TaskOrder;
  readonly view: TaskView;
}

/** The workflow of a task, as its callers have it. */
export type ModelTask = (input: TaskInput) => Promise<TaskView>;

type Execution = Pick<WorkflowExecutionInfo, 'memo' | 'status'>;

/** What is known without a worker is good enough, if none answers by then. */
const QUERY_MS = 2_000;

/** A task of which no worker has told anything yet. */
export function reportOfNew(task: Owned, order: TaskOrder): TaskReport {
  const counts = { total: order.total, completed: 0, failed: 0 };
  return { task, order, view: { status: 'validating', counts, spent: NOTHING_SPENT, times: {} } };
}

/** How a task stands at this moment, where a worker answers; else as {@link reportAsTold}. */
export async function reportNow(client: Client, task: Owned, execution: Execution): Promise<TaskReport | undefined> {
  const report = await reportAsTold(client, task, execution);
  if (report === undefined || execution.status.name !== 'RUNNING' || hasEnded(report.view.status)) return report;
  const handle = client.workflow.getHandle(taskWorkflowId(task));
  const view = await client.withDeadline(Date.now() + QUERY_MS, () => handle.query(taskQuery)).catch(() => report.view);
  return { ...report, view };
}

/** How a task stood when its status last changed, which no worker is asked for. Undefined: it is no task. */
export async function reportAsTold(
  client: Client,
  task: Owned,
  { memo, status }: Execution,
): Promise<TaskReport | undefined> {
  const order = memo?.[TASK_ORDER_MEMO] as TaskOrder | undefined;
  if (order === undefined) return undefined;
  const fresh = reportOfNew(task, order);
  const told = (memo?.[TASK_MEMO] as TaskView | undefined) ?? (await resultOf(client, task, status));
  const view = told ?? fresh.view;
  if (hasEnded(view.status) || status.name === 'RUNNING') return { ...fresh, view };
  // Somebody terminated the workflow: it can tell nothing itself.
  const failure = { type: 'Run.Broken', message: `The task was ended from outside (${status.name}).` };
  return { ...fresh, view: { ...view, status: 'failed', outcome: { failure } } };
}

/** A task that runs on the queue of model workers has told nothing on its way, so its result tells all. */
async function resultOf(client: Client, task: Owned, { name }: Execution['status']): Promise<TaskView | undefined> {
  if (name !== 'COMPLETED') return undefined;
  return client.workflow.getHandle<ModelTask>(taskWorkflowId(task)).result();
}
