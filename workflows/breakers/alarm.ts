import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/**
 * Rings at a time or earlier. It is set again with every message; a timer that would ring early enough is left alone,
 * because each one that is started and cancelled is two events of the history.
 */
export class Alarm {
  private at = Infinity;
  private scope: CancellationScope | undefined;

  constructor(private readonly ring: () => void) {}

  /** `at`: epoch milliseconds. */
  set(at: number, summary: string): void {
    if (this.at <= at) return;
    this.scope?.cancel();
    this.at = at;
    const scope = new CancellationScope();
    this.scope = scope;
    void scope
      .run(() => sleep(Math.max(at - Date.now(), 1), { summary }))
      .then(
        () => this.rang(scope),
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }

  private rang(scope: CancellationScope): void {
    if (this.scope === scope) this.at = Infinity;
    this.ring();
  }
}
