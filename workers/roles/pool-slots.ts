import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';
import type { Promised, SessionHost } from '../../activities/sessions/hosts/session-host';

/**
 * A worker polls the queue of a pool only while the host has a session to promise: Temporal's queue is then the queue
 * of prompts, and a prompt that is let through finds a session.
 */
export function poolSlots(host: SessionHost, pool: string): CustomSlotSupplier<ActivitySlotInfo> {
  return {
    type: 'custom',
    reserveSlot: (_, signal) => host.promise(pool, signal),
    tryReserveSlot: () => host.tryPromise(pool) ?? null,
    markSlotUsed: () => undefined,
    releaseSlot: ({ permit }) => host.takeBack(permit as PoolPermit),
  };
}

type PoolPermit = SlotPermit & Promised;
