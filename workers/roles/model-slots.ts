import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { WorkerWellness } from './wellness';

/**
 * So many calls at a time, and none while this worker reaches no provider: then it does not even poll, and what waits
 * in the queue goes to workers that do.
 */
export class ModelSlots implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  private readonly waiting: (() => void)[] = [];

  constructor(
    private free: number,
    private readonly wellness: Pick<WorkerWellness, 'isWell' | 'untilWell'>,
  ) {}

  async reserveSlot(_: unknown, signal: AbortSignal): Promise<object> {
    for (;;) {
      await this.wellness.untilWell(signal);
      signal.throwIfAborted();
      const permit = this.tryReserveSlot();
      if (permit !== null) return permit;
      await this.untilFreed(signal);
    }
  }

  tryReserveSlot(): object | null {
    if (!this.wellness.isWell || this.free === 0) return null;
    this.free -= 1;
    return {};
  }

  markSlotUsed(): void {
    // A slot is used from the moment it is reserved.
  }

  releaseSlot(): void {
    this.free += 1;
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
