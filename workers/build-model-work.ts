import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createArtifactStore } from '../activities/artifacts/artifact-store';
import { hostPaths } from '../activities/host';
import { createModelClient } from '../activities/models/client/create-model-client';
import type { BreakerPort } from '../activities/models/client/ports';
import { createModelWorkActivities, createTaskActivities } from '../activities/tasks/create-task-activities';
import { FileStore } from '../activities/tasks/file-store';
import { TaskStore } from '../activities/tasks/task-store';
import { createPriceBook } from '../contracts/prices';
import type { ModelWorkActivities, TaskActivities } from '../contracts/tasks/activities';
import { createPurses } from './gateway/purses';
import { portLog } from './logger';
import type { Models } from './models';
import { sparingBreakers, WorkerWellness } from './roles/wellness';

export interface ModelWorkParts {
  readonly home: string;
  readonly models: Pick<Models, 'config' | 'providers' | 'ledger' | 'profiles'>;
  readonly breakers: BreakerPort;
  readonly redact: (text: string) => string;
  readonly log: Logger;
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
  /** Settle what single completions were paid from. Fails: LedgerUnavailable. */
  readonly close: () => Promise<void>;
}

/** Where tasks, files and their contents are in a home: gateway and workers of one home see the same. */
export function taskStores(home: string) {
  return {
    store: new TaskStore(join(home, 'tasks')),
    files: new FileStore(join(home, 'files')),
    artifacts: createArtifactStore(hostPaths(home).artifacts),
  };
}

/** Tasks ask models as all others do, but for breakers, which hear of no network that is down here alone. */
export function buildModelWork(parts: ModelWorkParts): ModelWork {
  const { home, models, breakers, redact, lookEveryMs } = parts;
  const { config, providers, ledger, profiles } = models;
  const log = portLog(parts.log);
  const wellness = new WorkerWellness({
    addresses: config.providers.map(({ baseUrl }) => baseUrl).filter((address) => address !== ''),
    log,
    ...(lookEveryMs !== undefined && { everyMs: lookEveryMs }),
  });
  const stores = taskStores(home);
  const purses = createPurses(config.budgets, ledger, `models@${hostname()}/${process.pid}`);
  const ports = {
    ...{ ...stores, purseOf: purses.of, config, providers, ledger, wellness, redact, log },
    client: createModelClient({
      ...{ config, redact, profiles, prices: createPriceBook(config.providers) },
      breakers: sparingBreakers(breakers, wellness),
    }),
  };
  const { store } = stores;
  return {
    ...{ activities: createModelWorkActivities(ports), finishing: createTaskActivities(ports), wellness, store },
    close: purses.close,
  };
}
