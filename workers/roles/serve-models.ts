import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { ModelWorkActivities } from '../../contracts/tasks/activities';
import { modelsTaskQueue } from '../../contracts/task-queues';
import { removeOldTasks } from '../../activities/tasks/remove-old-tasks';
import type { TaskStore } from '../../activities/tasks/task-store';
import { ModelSlots } from './model-slots';
import type { WorkerWellness } from './wellness';

/** A poll asks for one piece of work at a time; two keep the next one coming. */
const POLLS = 2;

/** A workflow task takes milliseconds: few at a time are many. The server wants two polls at the least. */
const WORKFLOW_TASKS = 10;
const WORKFLOW_POLLS = 4;
/** Those whose model is being asked, and those that wait for one. */
const CACHED_WORKFLOWS = 300;

/** The answer to a single request, and what a batch left behind that never came to its files. */
const KEPT_MS = 30 * 86_400_000;
const SWEEP_EVERY_MS = 3_600_000;

export interface ModelServing {
  readonly base: string;
  /** Calls at a time. */
  readonly slots: number;
  readonly activities: ModelWorkActivities;
  readonly wellness: WorkerWellness;
  readonly store: TaskStore;
  /** Tasks of a single completion run here whole: whoever takes one asks the model itself. */
  readonly workflowBundle: string;
  /** What every worker of this process has in common. */
  readonly options: Omit<WorkerOptions, 'taskQueue'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Take calls of models for tasks and batches until `stopped`. */
export async function serveModels(serving: ModelServing, stopped: Promise<void>): Promise<void> {
  const { base, slots, activities, wellness, workflowBundle, options, log } = serving;
  const taskQueue = modelsTaskQueue(base);
  const polls = Math.min(POLLS, slots);
  const worker = await Worker.create({
    ...options,
    taskQueue,
    workflowBundle: { codePath: workflowBundle },
    activities: { ...activities },
    tuner: {
      activityTaskSlotSupplier: new ModelSlots(slots, polls, wellness),
      workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: WORKFLOW_TASKS },
      localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
    },
    maxConcurrentActivityTaskPolls: polls,
    maxConcurrentWorkflowTaskPolls: WORKFLOW_POLLS,
    maxCachedWorkflows: CACHED_WORKFLOWS,
  });
  const sweeping = setInterval(() => void sweep(serving), SWEEP_EVERY_MS).unref();
  void sweep(serving);
  void stopped.then(() => worker.getState() === 'RUNNING' && worker.shutdown());
  log.info({ taskQueue, slots }, 'models ready');
  try {
    await worker.run();
  } finally {
    clearInterval(sweeping);
    wellness.stop();
  }
}

async function sweep({ store, log }: ModelServing): Promise<void> {
  try {
    const removed = await removeOldTasks(store, Date.now() - KEPT_MS);
    if (removed > 0) log.info({ removed }, 'old tasks were removed');
  } catch (error) {
    log.warn({ error }, 'old tasks could not be removed');
  }
}
