import { Client, WorkflowNotFoundError, type ConnectionLike, type WorkflowHandle } from '@temporalio/client';
import type { Logger } from 'pino';
import {
  NEVER_REPORTED,
  PROVIDER_BREAKER,
  STANDING_MEMO,
  breakerWorkflowId,
  reportSignal,
  takeProbeUpdate,
  type BreakerInput,
  type ProviderReport,
  type Standing,
} from '../../contracts/breakers';

/** What a worker asks and tells the breakers of providers. None of it fails the work that it is asked for. */
export interface Breakers {
  /** How a provider stands, at most some seconds old; as it was last known where Temporal does not answer. */
  readonly standing: (provider: string) => Promise<Standing>;
  /** What is no failure is sent only where it can change something, so that calls that go well cost nothing. */
  readonly report: (provider: string, report: ProviderReport) => Promise<void>;
  /**
   * May this caller be the one that tries a half-open provider? One at a time is told yes, and `standing` then has the
   * generation to report with. `leaseMs`: how long the try may take, before somebody else may.
   */
  readonly takeProbe: (provider: string, who: string, leaseMs?: number) => Promise<boolean>;
}

export interface BreakersOptions {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Where the breakers' workflows run. */
  readonly taskQueue: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** How old an answer may be. */
  readonly cacheMs?: number;
}

const CACHE_MS = 2_000;
/** No work waits longer than this for an answer about its provider. */
const ANSWER_MS = 5_000;

export function createBreakers(options: BreakersOptions): Breakers {
  const client = new Client({ connection: options.connection, namespace: options.namespace });
  const doors = new Map<string, BreakerDoor>();
  const door = (provider: string): BreakerDoor => {
    const known = doors.get(provider) ?? new BreakerDoor(client, provider, options);
    doors.set(provider, known);
    return known;
  };
  return {
    standing: (provider) => door(provider).standing(),
    report: (provider, report) => door(provider).report(report),
    takeProbe: (provider, who, leaseMs) => door(provider).takeProbe(who, leaseMs),
  };
}

/** What this process knows of one provider's breaker. */
class BreakerDoor {
  private readonly handle: WorkflowHandle;
  private known = NEVER_REPORTED;
  private askAgainAt = 0;
  private asking: Promise<Standing> | undefined;
  private unheard = false;
  /** This process told of a failure, and of no success since: the memo may not say so yet. */
  private toldOfFailure = false;
  private probing: Promise<unknown> = Promise.resolve();
  private probeAgainAt = 0;

  constructor(
    private readonly client: Client,
    private readonly provider: string,
    private readonly options: BreakersOptions,
  ) {
    this.handle = client.workflow.getHandle(breakerWorkflowId(provider));
  }

  async standing(): Promise<Standing> {
    if (Date.now() < this.askAgainAt) return this.known;
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  async report(report: ProviderReport): Promise<void> {
    if (!(await this.matters(report))) return;
    if (report.outcome !== 'abandoned') this.toldOfFailure = report.outcome !== 'success';
    const { provider } = this;
    try {
      await this.within(() =>
        this.client.workflow.signalWithStart(PROVIDER_BREAKER, {
          workflowId: breakerWorkflowId(provider),
          taskQueue: this.options.taskQueue,
          args: [{ provider } satisfies BreakerInput],
          signal: reportSignal,
          signalArgs: [report],
          staticSummary: `breaker of ${provider}`,
        }),
      );
      this.askAgainAt = 0;
    } catch (error) {
      this.options.log.warn({ error, provider, report }, 'the breaker could not be told how its provider answered');
    }
  }

  /**
   * Callers of this process ask one after the other, and most find the answer of the one before: a workflow takes few
   * updates at once, and with more than ten in flight it answers none of them in time.
   */
  takeProbe(who: string, leaseMs?: number): Promise<boolean> {
    const mine = this.probing.then(() => this.tryProbe(who, leaseMs));
    this.probing = mine.catch(() => undefined);
    return mine;
  }

  private async matters({ outcome }: ProviderReport): Promise<boolean> {
    if (typeof outcome === 'object' || (outcome === 'success' && this.toldOfFailure)) return true;
    const { state, failures = 0 } = await this.standing();
    // There is a probe to give back, or there is none.
    if (outcome === 'abandoned') return state === 'half-open';
    return state !== 'closed' || failures > 0;
  }

  private async ask(): Promise<Standing> {
    try {
      this.learn(await this.describe());
      if (this.unheard) this.options.log.info({ provider: this.provider }, 'the breaker can be read again');
      this.unheard = false;
    } catch (error) {
      const { provider, known } = this;
      if (!this.unheard) this.options.log.warn({ error, provider, known }, 'the breaker cannot be read');
      this.unheard = true;
      this.learn(known);
    }
    return this.known;
  }

  private async describe(): Promise<Standing> {
    try {
      const { status, memo } = await this.within(() => this.handle.describe());
      // One that has ended was closed and idle; its generations are over.
      if (status.name !== 'RUNNING') return NEVER_REPORTED;
      return (memo?.[STANDING_MEMO] as Standing | undefined) ?? NEVER_REPORTED;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return NEVER_REPORTED;
      throw error;
    }
  }

  private async tryProbe(who: string, leaseMs?: number): Promise<boolean> {
    const { state, until = 0 } = await this.standing();
    const now = Date.now();
    if (state !== 'half-open' || until > now || this.probeAgainAt > now) return false;
    try {
      const { granted, standing } = await this.within(() =>
        this.handle.executeUpdate(takeProbeUpdate, { args: [{ who, ...(leaseMs !== undefined && { leaseMs }) }] }),
      );
      this.learn(standing);
      return granted;
    } catch (error) {
      this.probeAgainAt = Date.now() + this.cacheMs;
      const { provider } = this;
      this.options.log.warn({ error, provider, who }, 'the breaker gave no answer about a probe; no probe is made');
      return false;
    }
  }

  private learn(standing: Standing): void {
    this.known = standing;
    this.askAgainAt = Date.now() + this.cacheMs;
  }

  private get cacheMs(): number {
    return this.options.cacheMs ?? CACHE_MS;
  }

  private within<T>(ask: () => Promise<T>): Promise<T> {
    return this.client.withDeadline(Date.now() + ANSWER_MS, ask);
  }
}
