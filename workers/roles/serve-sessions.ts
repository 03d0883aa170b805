import path from 'node:path';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { lock } from '../../activities/files/lock';
import type { SessionPorts } from '../../activities/sessions/ports';
import { createSessionActivities } from '../../activities/sessions/session-activities';
import { endIdleAgents } from '../../activities/sessions/hosts/end-idle';
import { SessionHost } from '../../activities/sessions/hosts/session-host';
import { keepUp, type UpkeepPorts } from '../../activities/sessions/hosts/upkeep';
import type { PoolActivities, SessionActivities } from '../../contracts/activities';
import type { PoolSpec } from '../../contracts/schemas/pools';
import { hostTaskQueue, poolTaskQueue } from '../../contracts/task-queues';
import { poolSlots } from './pool-slots';

/** How often a second process of a host looks whether the first one is gone. */
const LOCK_LOOK_MS = 500;
/** A poll asks for one prompt at a time; two keep the next one coming while a lease is written. */
const POLLS = 2;
const HOST_SLOTS = 500;

export interface SessionServing {
  readonly base: string;
  readonly pools: readonly PoolSpec[];
  readonly ports: SessionPorts;
  readonly watch: Omit<UpkeepPorts, 'followed'>;
  /** What every worker of this process has in common. */
  readonly options: Omit<WorkerOptions, 'taskQueue'>;
  /** Make the workflow that stands for this host, or find it. */
  readonly standUp: (host: string, taskQueue: string) => Promise<void>;
  /** What must happen to every activity that answers. */
  readonly wrap: (activities: SessionActivities) => SessionActivities;
}

/**
 * Serve this host's sessions until `stopped`: its own queue, and the queue of each pool while a session of it is free.
 * One process at a time does so for a host; another one waits, and takes over when the first is gone. Agents that idle
 * end with it, those at work do not.
 */
export async function serveSessions(serving: SessionServing, stopped: Promise<void>): Promise<void> {
  const ending = new AbortController();
  void stopped.then(() => ending.abort());
  const { ports, base } = serving;
  const folder = path.join(ports.home, 'hosts', ports.host);
  const unlock = await lock(path.join(folder, 'lock'), { everyMs: LOCK_LOOK_MS, signal: ending.signal }).catch(
    (error: unknown) => {
      if (ending.signal.aborted) return undefined;
      throw error;
    },
  );
  if (unlock === undefined) return;
  try {
    const taskQueue = hostTaskQueue(base, ports.host);
    const host = await SessionHost.open({ host: ports.host, taskQueue, pools: serving.pools, folder }, ports);
    const nothingLeft = stopped.then(() => host.untilFree(ending.signal));
    const { pools, sessions, followed } = createSessionActivities(host, nothingLeft);
    const fleet = new Fleet(serving, host, pools);
    await fleet.serve(taskQueue, serving.wrap(sessions));
    const upkeep = keepUp(host, { ...serving.watch, followed }, ending.signal);
    await serving.standUp(ports.host, taskQueue);
    ports.log.info('sessions ready', { host: ports.host, pools: host.pools });
    await stopped;
    await Promise.all([upkeep, fleet.end()]);
    await endIdleAgents(host);
  } finally {
    await unlock();
  }
}

/** The workers of one host: one for its own queue, and one for each pool, as pools come. */
class Fleet {
  private readonly workers = new Map<string, { readonly worker: Worker; readonly over: Promise<void> }>();
  private ending = false;

  constructor(
    private readonly serving: SessionServing,
    private readonly host: SessionHost,
    private readonly pools: PoolActivities,
  ) {}

  async serve(taskQueue: string, sessions: SessionActivities): Promise<void> {
    await this.add({
      ...this.serving.options,
      taskQueue,
      activities: { ...sessions },
      maxConcurrentActivityTaskExecutions: HOST_SLOTS,
    });
    for (const pool of this.host.pools) await this.addPool(pool);
    this.host.onPools((pools) => {
      for (const pool of pools) {
        this.addPool(pool).catch((error: unknown) => {
          this.host.ports.log.info('a pool could not be served', { pool, error });
        });
      }
    });
  }

  async end(): Promise<void> {
    this.ending = true;
    for (const { worker } of this.workers.values()) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all([...this.workers.values()].map(({ over }) => over));
  }

  private async addPool(pool: string): Promise<void> {
    const taskQueue = poolTaskQueue(this.serving.base, pool);
    if (this.workers.has(taskQueue) || this.ending) return;
    await this.add({
      ...this.serving.options,
      taskQueue,
      activities: { ...this.pools },
      tuner: {
        activityTaskSlotSupplier: poolSlots(this.host, pool),
        workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
        localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
        nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      },
      maxConcurrentActivityTaskPolls: POLLS,
    });
  }

  private async add(options: WorkerOptions): Promise<void> {
    const worker = await Worker.create(options);
    this.workers.set(options.taskQueue, { worker, over: worker.run() });
  }
}
