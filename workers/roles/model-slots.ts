import type { ActivitySlotInfo, CustomSlotSupplier, SlotMarkUsedContext, SlotReleaseContext } from '@temporalio/worker';
import type { WorkerWellness } from './wellness';

interface Permit {
  readonly polled: boolean;
}

/**
 * So many calls at a time, and none while this worker reaches no provider: then it does not even poll, and what waits
 * in the queue goes to workers that do.
 *
 * Polls hold no more slots than there are polls: the worker would reserve all of them ahead, and a task that it takes
 * itself would find none to ask its model in.
 */
export class ModelSlots implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  private readonly waiting: (() => void)[] = [];
  /** Held by polls that have found nothing yet. */
  private polling = 0;

  constructor(
    private free: number,
    private readonly polls: number,
    private readonly wellness: Pick<WorkerWellness, 'isWell' | 'untilWell'>,
  ) {}

  async reserveSlot(_: unknown, signal: AbortSignal): Promise<object> {
    for (;;) {
      await this.wellness.untilWell(signal);
      signal.throwIfAborted();
      if (this.polling < this.polls && this.tryReserveSlot() !== null) {
        this.polling += 1;
        return { polled: true } satisfies Permit;
      }
      await this.untilFreed(signal);
    }
  }

  tryReserveSlot(): object | null {
    if (!this.wellness.isWell || this.free === 0) return null;
    this.free -= 1;
    return { polled: false } satisfies Permit;
  }

  markSlotUsed({ permit }: SlotMarkUsedContext<ActivitySlotInfo>): void {
    this.pollEnded(permit);
  }

  releaseSlot({ permit, slotInfo }: SlotReleaseContext<ActivitySlotInfo>): void {
    this.free += 1;
    if (slotInfo === undefined) this.pollEnded(permit);
    this.waiting.shift()?.();
  }

  private pollEnded(permit: object): void {
    if (!('polled' in permit) || permit.polled !== true) return;
    this.polling -= 1;
    this.waiting.shift()?.();
  }

  private untilFreed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(wake), 1);
        reject(signal.reason as Error);
      };
      this.waiting.push(wake);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
