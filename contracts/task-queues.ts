/** Workflows, and every activity but those of agents' sessions. */
export const DEFAULT_TASK_QUEUE = 'gantry';

/**
 * Prompts for the sessions of one pool wait here, at whatever host has them: Temporal's task queue is the prompt
 * queue, ordered by priority and shared fairly by projects.
 */
export function poolTaskQueue(base: string, pool: string): string {
  return `${base}-pool-${pool}`;
}

/** The inverse of {@link poolTaskQueue}; undefined for another kind of queue. */
export function poolOfTaskQueue(base: string, taskQueue: string): string | undefined {
  const prefix = poolTaskQueue(base, '');
  return taskQueue.startsWith(prefix) ? taskQueue.slice(prefix.length) : undefined;
}

/** What a worker may do. `runs`: workflows and their activities. `sessions`: agents. `models`: calls of tasks. */
export const WORKER_ROLES = ['runs', 'sessions', 'models'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/** Work on one session host's own sessions. */
export function hostTaskQueue(base: string, host: string): string {
  return `${base}-host-${host}`;
}

/** Calls of models for tasks and batches: any worker that serves models takes them. */
export function modelsTaskQueue(base: string): string {
  return `${base}-models`;
}
