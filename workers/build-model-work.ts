import { join } from 'node:path';
import { createArtifactStore } from '../activities/artifacts/artifact-store';
import { hostPaths } from '../activities/host';
import type { ModelClientPorts } from '../activities/models/client/client-ports';
import { createModelClient } from '../activities/models/client/create-model-client';
import type { LedgerPort } from '../activities/models/client/ports';
import { createModelWorkActivities, createTaskActivities } from '../activities/tasks/create-task-activities';
import { FileStore } from '../activities/tasks/file-store';
import { TaskStore } from '../activities/tasks/task-store';
import type { TaskPorts } from '../activities/tasks/task-ports';
import type { ModelConfig } from '../contracts/config/model-config';
import type { ModelWorkActivities, TaskActivities } from '../contracts/tasks/activities';
import { chatThrough } from './chat-through';
import type { Upstream } from './gateway/upstream/upstream';
import { sparingBreakers, WorkerWellness } from './wellness';

export interface ModelWorkParts {
  readonly home: string;
  readonly config: ModelConfig;
  /** Of the models that all of gantry asks; the breakers are told of no network that is down here alone. */
  readonly clientPorts: ModelClientPorts;
  readonly ledger: LedgerPort;
  /** How each provider is reached, by its name. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly log: TaskPorts['log'];
  /** How often a worker that reaches no provider looks again, milliseconds. */
  readonly lookEveryMs?: number;
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

export function buildModelWork(parts: ModelWorkParts): ModelWork {
  const { home, config, clientPorts, ledger, upstreams, log, lookEveryMs } = parts;
  const wellness = new WorkerWellness({
    addresses: config.providers.map(({ baseUrl }) => baseUrl),
    log,
    ...(lookEveryMs !== undefined && { everyMs: lookEveryMs }),
  });
  const breakers = sparingBreakers(clientPorts.breakers, wellness);
  const stores = taskStores(home);
  const ports: TaskPorts = {
    ...stores,
    ...{ config, ledger, wellness, log, redact: clientPorts.redact },
    client: createModelClient({ ...clientPorts, breakers }),
    chat: chatThrough(upstreams),
  };
  const { store } = stores;
  return { activities: createModelWorkActivities(ports), finishing: createTaskActivities(ports), wellness, store };
}
