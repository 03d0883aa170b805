import type { ProviderReport } from '../../contracts/breakers';
import type { BreakerPort } from '../../activities/models/client/ports';
import type { Wellness } from '../../activities/tasks/task-ports';

export interface WellnessOptions {
  /** The addresses of all providers. Without any there is nothing to reach, and a worker is always well. */
  readonly addresses: readonly string[];
  readonly log: { info(message: string, fields: object): void; warn(message: string, fields: object): void };
  /** How often an unwell worker looks whether it is well again, milliseconds. */
  readonly everyMs?: number;
}

const EVERY_MS = 10_000;
const LOOK_MS = 3_000;

/**
 * Whether this worker reaches any provider at all. It looks only after a provider could not be reached, and then until
 * one can be: a provider that is down is a matter for its breaker, a network that is down is this worker's own.
 */
export class WorkerWellness implements Wellness {
  isWell = true;
  private looking: Promise<boolean> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: WellnessOptions) {}

  /** Callers at the same time share one look. */
  lookAgain(): Promise<boolean> {
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    return this.looking;
  }

  /** Resolves at once while it is well, and rejects when `signal` aborts. */
  async untilWell(signal: AbortSignal): Promise<void> {
    while (!this.isWell) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        this.waiting.add(resolve);
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    }
  }

  /** Ends the looking. */
  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<boolean> {
    const { addresses, log } = this.options;
    const reached = addresses.length === 0 || (await Promise.any(addresses.map(reach)).catch(() => false));
    if (reached && !this.isWell) log.info('a provider is reached again: tasks are taken', { addresses });
    if (!reached && this.isWell) log.warn('no provider is reached from here: no tasks are taken', { addresses });
    this.isWell = reached;
    clearInterval(this.timer);
    if (!reached) this.timer = setInterval(() => void this.lookAgain(), this.options.everyMs ?? EVERY_MS).unref();
    else this.wakeAll();
    return reached;
  }

  private wakeAll(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}

/** Any answer over HTTP will do. */
async function reach(address: string): Promise<true> {
  const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(LOOK_MS), redirect: 'manual' });
  await response.body?.cancel();
  return true;
}

/**
 * Breakers are told of no network that is only down here: they would close a provider to all other workers. A probe that came
 * to nothing for it is another worker's to make.
 */
export function sparingBreakers(breakers: BreakerPort, wellness: Wellness): BreakerPort {
  return {
    ...breakers,
    report: async (name, report) => {
      const isOnlyHere = isOfNetwork(report) && !(await wellness.lookAgain());
      await breakers.report(name, isOnlyHere ? { ...report, outcome: 'abandoned' } : report);
    },
  };
}

function isOfNetwork({ outcome }: ProviderReport): boolean {
  return typeof outcome === 'object' && outcome.type === 'Provider.Network';
}
