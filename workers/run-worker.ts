import { hostname } from 'node:os';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Logger } from 'pino';
import { agentTaskQueue } from '../contracts/task-queues';
import type { AgentActivities, Activities } from '../contracts/activities';
import { ActivityDoor, type Redact } from './activity-door';
import type { WorkerSettings } from './settings';

export interface WorkerParts {
  readonly settings: WorkerSettings;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly activities: Activities;
  readonly agents: AgentActivities;
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

/** Connect as temporal.toml and TEMPORAL_* say; the same loader as the CLI's. */
export async function connectWorker(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const { address = '127.0.0.1:7233' } = connectionOptions;
  const connection = await NativeConnection.connect({ ...connectionOptions, address });
  return { connection, namespace: namespace ?? 'default' };
}

/** Serve the run queue, and one queue for each kind of agent this host has, until `stopped` resolves. */
export async function runWorker(parts: WorkerParts, stopped: Promise<void>): Promise<void> {
  const workers = await Promise.all([
    createRunWorker(parts),
    ...Object.keys(parts.settings.agents).map((agent) => createAgentWorker(parts, agent)),
  ]);
  void stopped.then(() => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown()));
  parts.log.info({ taskQueue: parts.settings.taskQueue, agents: Object.keys(parts.settings.agents) }, 'worker ready');
  await Promise.all(workers.map((worker) => worker.run()));
}

function createRunWorker(parts: WorkerParts): Promise<Worker> {
  const { settings } = parts;
  return Worker.create({
    ...common(parts),
    taskQueue: settings.taskQueue,
    workflowBundle: { codePath: settings.workflowBundle },
    activities: { ...parts.activities },
    maxCachedWorkflows: 300,
    // Waiting for another run holds a slot and does nothing; commands and model calls are few at a time.
    maxConcurrentActivityTaskExecutions: 200,
  });
}

function createAgentWorker(parts: WorkerParts, agent: string): Promise<Worker> {
  const { settings } = parts;
  return Worker.create({
    ...common(parts),
    taskQueue: agentTaskQueue(settings.taskQueue, agent),
    activities: { ...parts.agents },
    maxConcurrentActivityTaskExecutions: settings.agents[agent]?.slots ?? 1,
    maxConcurrentActivityTaskPolls: 1,
  });
}

function common({ connection, namespace, redact }: WorkerParts): Omit<WorkerOptions, 'taskQueue'> {
  return {
    ...FAST_RETURN,
    connection,
    namespace,
    identity: `worker@${hostname()}/${process.pid}`,
    interceptors: { activity: [(context) => ({ inbound: new ActivityDoor(context, redact) })] },
  };
}
