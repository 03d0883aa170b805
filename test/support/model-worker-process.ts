import { NativeConnection } from '@temporalio/worker';
import type { Activities } from '../../contracts/activities';
import type { ModelConfig } from '../../contracts/config/model-config';
import type { WorkerRole } from '../../contracts/task-queues';
import { createLedgerActivities } from '../../activities/budgets/create-ledger-activities';
import { settleSlices } from '../../activities/models/settle-slices';
import { configuredProvider } from '../../activities/providers/configure';
import { createBreakers } from '../../workers/doors/breakers';
import { buildModelWork } from '../../workers/build-model-work';
import { createHolders } from '../../workers/doors/holders';
import { createLedger } from '../../workers/doors/ledger';
import { createLogger, installRuntime, portLog } from '../../workers/logger';
import { commonOptions, runWorker } from '../../workers/roles/run-worker';
import { serveModels } from '../../workers/roles/serve-models';

/** What this process is given as its only argument, as JSON. */
export interface ModelWorkerOptions {
  readonly address: string;
  readonly taskQueue: string;
  readonly workflowBundle: string;
  readonly home: string;
  readonly config: ModelConfig;
  /** The key that all providers are asked with: an upstream knows the worker by it. */
  readonly key: string;
  readonly slots: number;
  readonly roles: readonly WorkerRole[];
  readonly lookEveryMs?: number;
}

/** A worker as gantry runs it, with the providers of a test. Serves until its parent is gone. */
async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2]!) as ModelWorkerOptions;
  const { address, taskQueue, workflowBundle, home, config, key, slots, roles, lookEveryMs } = options;
  const redact = (text: string): string => text;
  const log = createLogger('info', redact);
  installRuntime(log);
  const connection = await NativeConnection.connect({ address });
  const where = { connection, namespace: 'default', taskQueue, log };
  const stopped = new Promise<void>((resolve) => {
    process.once('disconnect', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  const ledger = createLedger({
    ...where,
    organisation: config.organisation,
    ...(config.budgets && { budgets: config.budgets }),
  });
  const providers = config.providers.map((provider) => configuredProvider(provider, { UPSTREAM_KEY: key }));
  const profiles = { known: () => Promise.resolve([]), learn: () => undefined };
  const work = buildModelWork({
    ...{ home, redact, log, breakers: createBreakers(where) },
    models: { config, ledger, profiles, providers },
    ...(lookEveryMs !== undefined && { lookEveryMs }),
  });
  const activities = {
    ...work.finishing,
    ...createLedgerActivities(createHolders(where)),
    settleSlices: (input: Parameters<typeof settleSlices>[1]) =>
      settleSlices({ ledger, config, log: portLog(log) }, input),
  } as unknown as Activities;
  const settings = { taskQueue, workflowBundle };
  const serving = {
    runs: () => runWorker({ ...where, settings, activities, redact }, stopped),
    models: () =>
      serveModels(
        { ...work, workflowBundle, base: taskQueue, slots, log, options: commonOptions({ ...where, redact }) },
        stopped,
      ).finally(work.close),
    sessions: () => Promise.reject(new Error('these workers have no sessions')),
  };
  // The ledger is a workflow that these workers run themselves, maybe not yet: whoever books declares them again.
  void ledger.declareBudgets().catch(() => undefined);
  await Promise.all(roles.map((role) => serving[role]()));
  await connection.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
