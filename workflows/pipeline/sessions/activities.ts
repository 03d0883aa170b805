import { proxyActivities, proxyLocalActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { FleetActivities, PoolActivities, SessionActivities } from '../../../contracts/activities';
import { priorityKey } from '../../../contracts/priority';
import type { QueuePlace } from '../../../contracts/run';
import type { Lease } from '../../../contracts/sessions';
import { poolTaskQueue } from '../../../contracts/task-queues';
import { HEARTBEAT_TIMEOUT_MS, LOST_WORKER_RETRY, REALLY_STOPPED, type RunContext } from '../run-context';

/** The server's limit on the name of a share of a queue. */
const FAIRNESS_KEY_BYTES = 64;

/** A place in the queue of a pool: Temporal orders who waits there by priority, and by project within one. */
export function queueOf(run: RunContext, place: QueuePlace, summary: string): PoolActivities {
  return proxyActivities<PoolActivities>({
    taskQueue: poolTaskQueue(workflowInfo().taskQueue, place.pool),
    // From when a host takes it: how long it waits for one has no limit.
    startToCloseTimeout: 10_000,
    cancellationType: REALLY_STOPPED,
    retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
    priority: {
      priorityKey: priorityKey(place.priority),
      fairnessKey: run.input.run.project.slice(0, FAIRNESS_KEY_BYTES),
    },
    summary: summary.slice(0, 200),
  });
}

/** The host of a leased session. One that takes none of its own work is gone. */
export function hostOf(run: RunContext, lease: Lease, summary: string, options: ActivityOptions): SessionActivities {
  return proxyActivities<SessionActivities>({
    taskQueue: lease.taskQueue,
    scheduleToStartTimeout: run.limits.hostGoneMs,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: REALLY_STOPPED,
    retry: LOST_WORKER_RETRY,
    summary: summary.slice(0, 200),
    ...options,
  });
}

/** A short question about hosts, which costs one event. */
export function fleetNearby(): FleetActivities {
  return proxyLocalActivities<FleetActivities>({ startToCloseTimeout: 5_000, retry: { maximumAttempts: 2 } });
}
