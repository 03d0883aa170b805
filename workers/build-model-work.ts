import { join } from 'node:path';
import { createArtifactStore } from '../activities/artifacts/artifact-store';
import { hostPaths } from '../activities/host';
import { createModelWorkActivities, createTaskActivities } from '../activities/tasks/create-task-activities';
import { FileStore } from '../activities/tasks/file-store';
import { TaskStore } from '../activities/tasks/task-store';
import type { TaskPorts } from '../activities/tasks/task-ports';
import type { ModelWorkActivities, TaskActivities } from '../contracts/tasks/activities';
import type { WorkerWellness } from './wellness';

export interface ModelWorkParts extends Pick<TaskPorts, 'client' | 'chat' | 'config' | 'ledger' | 'redact' | 'log'> {
  readonly home: string;
  readonly wellness: WorkerWellness;
}

/** What a worker does for tasks. */
export interface ModelWork {
  readonly activities: ModelWorkActivities;
  /** On the queue of runs. */
  readonly finishing: TaskActivities;
  readonly wellness: WorkerWellness;
  readonly store: TaskStore;
}

/** Where tasks, files and their contents are in a home: gateway and workers of one home see the same. */
export function taskStores(home: string) {
  return {
    store: new TaskStore(join(home, 'tasks')),
    files: new FileStore(join(home, 'files')),
    artifacts: createArtifactStore(hostPaths(home).artifacts),
  };
}

export function buildModelWork({ home, ...parts }: ModelWorkParts): ModelWork {
  const stores = taskStores(home);
  const ports: TaskPorts = { ...stores, ...parts };
  return {
    activities: createModelWorkActivities(ports),
    finishing: createTaskActivities(ports),
    wellness: parts.wellness,
    store: stores.store,
  };
}
