import { hostname } from 'node:os';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Logger } from 'pino';
import type { Activities } from '../../contracts/activities';
import { ActivityDoor, type Redact } from '../activity-door';
import { ServerUnreachable } from '../server-unreachable';
import type { WorkerSettings } from '../settings';

export interface WorkerParts {
  readonly settings: Pick<WorkerSettings, 'taskQueue' | 'workflowBundle'>;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly activities: Activities;
  readonly redact: Redact;
  readonly log: Logger;
}

/** How long work in flight gets to hand itself over when the worker is asked to end. Agents go on without it. */
const SHUTDOWN_GRACE_MS = 2_000;
const SHUTDOWN_FORCE_MS = 15_000;

/**
 * Settings for a fast return after a crash: the next workflow task leaves a lost worker's sticky queue after a second
 * instead of ten, and heartbeats are not held back for longer than a fraction of their timeout.
 */
const FAST_RETURN = {
  stickyQueueScheduleToStartTimeout: '1s',
  maxHeartbeatThrottleInterval: '1s',
  defaultHeartbeatThrottleInterval: '1s',
  shutdownGraceTime: SHUTDOWN_GRACE_MS,
  shutdownForceTime: SHUTDOWN_FORCE_MS,
} satisfies Partial<WorkerOptions>;

/** Connect as temporal.toml and TEMPORAL_* say; the same loader as the CLI's. Fails: ServerUnreachable. */
export async function connectWorker(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const { address = '127.0.0.1:7233' } = connectionOptions;
  const connection = await NativeConnection.connect({ ...connectionOptions, address }).catch((error: unknown) => {
    throw new ServerUnreachable(address, error);
  });
  return { connection, namespace: namespace ?? 'default' };
}

/** Serve the run queue until `stopped` resolves. */
export async function runWorker(parts: WorkerParts, stopped: Promise<unknown>): Promise<void> {
  const worker = await createRunWorker(parts);
  void stopped.then(() => worker.getState() === 'RUNNING' && worker.shutdown());
  parts.log.info({ taskQueue: parts.settings.taskQueue }, 'runs ready');
  await worker.run();
}

function createRunWorker(parts: WorkerParts): Promise<Worker> {
  const { settings } = parts;
  return Worker.create({
    ...commonOptions(parts),
    taskQueue: settings.taskQueue,
    workflowBundle: { codePath: settings.workflowBundle },
    activities: { ...parts.activities },
    maxCachedWorkflows: 300,
    // Waiting for another run holds a slot and does nothing; commands and model calls are few at a time.
    maxConcurrentActivityTaskExecutions: 200,
  });
}

/** What every worker of this process has in common. */
export function commonOptions({
  connection,
  namespace,
  redact,
}: Pick<WorkerParts, 'connection' | 'namespace' | 'redact'>): Omit<WorkerOptions, 'taskQueue'> {
  return {
    ...FAST_RETURN,
    connection,
    namespace,
    identity: `worker@${hostname()}/${process.pid}`,
    interceptors: { activity: [(context) => ({ inbound: new ActivityDoor(context, redact) })] },
  };
}
