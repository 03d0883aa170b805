import { allHandlersFinished, condition, proxyActivities } from '@temporalio/workflow';
import type { ModelActivities } from '../../contracts/models';
import type { FinishTaskResult, TaskActivities } from '../../contracts/tasks/activities';
import type { TaskView } from '../../contracts/tasks/view';
import { LOST_WORKER_RETRY } from '../pipeline/run-context';
import { failureOf } from './failure-of';
import type { Stop, TaskContext } from './task-context';

const WRITE_MS = 30 * 60_000;
const SETTLE_MS = 30_000;

/** The money goes back, the answers become files, and the task ends as it was going to. */
export async function finish(task: TaskContext): Promise<TaskView> {
  if (task.stop !== 'cancelled') task.enter('finalizing', { finalizingAt: Date.now() });
  if (task.input.files) task.publish();
  await settle(task);
  if (task.input.files) await writeFiles(task);
  task.enter(statusOf(task), { endedAt: Date.now() });
  task.publish();
  if (!allHandlersFinished()) await condition(allHandlersFinished);
  return task.view;
}

/** A single request that failed is a task that failed; of many, some may. */
function statusOf({ stop, input, state }: TaskContext): 'completed' | Stop {
  return stop === undefined && !input.files && state.failed > 0 ? 'failed' : endOf(stop);
}

function endOf(stop: Stop | undefined): 'completed' | Stop {
  return stop ?? 'completed';
}

async function writeFiles(task: TaskContext): Promise<void> {
  const { finishTask } = proxyActivities<TaskActivities>({
    taskQueue: task.base,
    startToCloseTimeout: WRITE_MS,
    heartbeatTimeout: task.limits.heartbeatMs,
    retry: LOST_WORKER_RETRY,
    summary: 'write the files of its answers',
  });
  try {
    const { input, stop } = task;
    const written = await finishTask({ task: input.task, total: input.total, because: endOf(stop) });
    task.state = withFiles(task, written);
  } catch (error) {
    task.stop = 'failed';
    task.state = { ...task.state, outcome: { ...task.state.outcome, failure: failureOf(error) } };
  }
}

/** What is in the files counts: a call that was aborted may have come to its answer all the same. */
function withFiles({ state }: TaskContext, { completed, failed, output, errors }: FinishTaskResult) {
  const files = { ...(output !== undefined && { output }), ...(errors !== undefined && { errors }) };
  return { ...state, completed, failed, outcome: { ...state.outcome, ...files } };
}

/**
 * End all slices. A ledger that does not answer must not keep the answers back: it asks for itself when the leases run
 * out.
 */
export async function settle(task: TaskContext): Promise<void> {
  const { state, input } = task;
  const { slices, unheard } = state;
  task.state = { ...state, slices: [], unheard: [] };
  if (slices.length === 0 && unheard.length === 0) return;
  const { settleSlices } = proxyActivities<Pick<ModelActivities, 'settleSlices'>>({
    taskQueue: task.base,
    startToCloseTimeout: SETTLE_MS,
    retry: { ...LOST_WORKER_RETRY, maximumAttempts: 10 },
    summary: 'give back what was not spent',
  });
  const { scope, request } = input;
  const project = request.project === undefined ? {} : { project: request.project };
  await settleSlices({
    slices,
    unheard,
    scope,
    besideNano: 0,
    id: `${input.task.id}/${state.begun}`,
    ...project,
  }).catch(() => undefined);
}
