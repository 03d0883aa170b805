import type { DescribeWorkflowExecutionResponse } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { Json } from '../../contracts/json';
import type { Door } from './door';

/** An activity that has not ended, as the server tells of it. Times are epoch milliseconds. */
export interface Pending {
  readonly activityId: string;
  readonly type: string;
  /** Nobody has it: it waits in its queue, or for its next try. */
  readonly waits: boolean;
  readonly attempt: number;
  readonly taskQueue: string;
  readonly priorityKey?: number;
  readonly scheduledAt?: number;
  readonly heartbeatAt?: number;
  /** The last one that took it; absent while it waits for the first. */
  readonly worker?: string;
  /** What its last heartbeat said; null when there was none. */
  readonly said: Json;
}

const SCHEDULED = 1; // temporal.api.enums.v1.PendingActivityState

/** What is pending in an execution that was described. */
export async function pendingOf(door: Door, raw: DescribeWorkflowExecutionResponse): Promise<Pending[]> {
  return Promise.all(
    (raw.pendingActivities ?? []).map(async (pending) => {
      const scheduledAt = optionalTsToMs(pending.scheduledTime);
      const heartbeatAt = optionalTsToMs(pending.lastHeartbeatTime);
      const priorityKey = pending.priority?.priorityKey;
      return {
        activityId: pending.activityId ?? '',
        type: pending.activityType?.name ?? '',
        waits: Number(pending.state) === SCHEDULED,
        attempt: pending.attempt ?? 1,
        taskQueue: pending.activityOptions?.taskQueue?.name ?? '',
        ...(priorityKey ? { priorityKey } : {}),
        ...(scheduledAt === undefined ? {} : { scheduledAt }),
        ...(heartbeatAt === undefined ? {} : { heartbeatAt }),
        ...(pending.lastWorkerIdentity ? { worker: pending.lastWorkerIdentity } : {}),
        said: await door.decode(pending.heartbeatDetails?.payloads ?? []),
      };
    }),
  );
}
