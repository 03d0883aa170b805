import type { Client } from '@temporalio/client';
import { modelsTaskQueue } from '../../../contracts/task-queues';

/** A worker that takes calls of models. */
export interface ModelWorker {
  readonly identity: string;
  /** When it last asked for work, epoch milliseconds. */
  readonly seenAt: number;
}

const ACTIVITIES = 2; // temporal.api.enums.v1.TaskQueueType

/**
 * Who takes calls of models, as the server saw it within the last minutes.
 * @param base The queue that workflows run on.
 */
export async function modelWorkers(client: Client, base: string): Promise<readonly ModelWorker[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: modelsTaskQueue(base) },
    taskQueueType: ACTIVITIES,
  });
  return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
    identity: identity ?? 'unknown',
    seenAt: Number(lastAccessTime?.seconds ?? 0) * 1_000,
  }));
}
