import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ProfilePort } from '../../activities/models/client/ports';
import {
  LEARN_AT_ONCE,
  MODEL_PROFILES,
  learnSignal,
  profilesQuery,
  profilesWorkflowId,
  type Profile,
  type ProfileSample,
  type ProfilesInput,
} from '../../contracts/profiles';

/** What a worker learns, and all workers have learned, of models. None of it fails the work that it is asked for. */
export interface Profiles extends ProfilePort {
  /** Sends what was not sent yet; what is learned later is lost. */
  readonly close: () => Promise<void>;
}

export interface ProfilesOptions {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Where the workflow runs that keeps the profiles. */
  readonly taskQueue: string;
  readonly organisation: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** How old an answer may be. */
  readonly cacheMs?: number;
  /** For how long samples are gathered before they are sent together. */
  readonly gatherMs?: number;
}

const CACHE_MS = 30_000;
const GATHER_MS = 10_000;
/** No work waits longer than this for what was learned. */
const ANSWER_MS = 2_000;
const SEND_MS = 5_000;
/** Where the server is away for long the newest are kept: older ones teach less. */
const KEPT = 4 * LEARN_AT_ONCE;

export function createProfiles(options: ProfilesOptions): Profiles {
  const client = new Client({ connection: options.connection, namespace: options.namespace });
  const read = createReader(client, options);
  const sender = new Sender(client, options);
  return { known: read, learn: (sample) => sender.learn(sample), close: () => sender.close() };
}

/** What was learned, from a cache; as it was last known where nobody answers. */
function createReader(client: Client, { organisation, log, cacheMs = CACHE_MS }: ProfilesOptions) {
  const handle = client.workflow.getHandle(profilesWorkflowId(organisation));
  let known: readonly Profile[] = [];
  let askAgainAt = 0;
  let asking: Promise<void> | undefined;
  let unheard = false;

  const ask = async (): Promise<void> => {
    try {
      known = await client.withDeadline(Date.now() + ANSWER_MS, () => handle.query(profilesQuery));
      unheard = false;
    } catch (error) {
      // One that is not found has learned nothing yet; every other trouble passes.
      const troubled = !(error instanceof WorkflowNotFoundError);
      if (troubled && !unheard) log.warn({ error, organisation }, 'what was learned of models cannot be read');
      unheard = troubled;
    }
    askAgainAt = Date.now() + cacheMs;
  };

  return async (): Promise<readonly Profile[]> => {
    if (Date.now() >= askAgainAt) await (asking ??= ask().finally(() => (asking = undefined)));
    return known;
  };
}

/** Gathers samples and sends them together: one signal in a while, however many calls are made. */
class Sender {
  private gathered: ProfileSample[] = [];
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();
  private closed = false;
  private unheard = false;

  constructor(
    private readonly client: Client,
    private readonly options: ProfilesOptions,
  ) {}

  learn(sample: ProfileSample): void {
    if (this.closed) return;
    this.keep([...this.gathered, sample]);
    this.sendLater();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.send();
    const { length: samples } = this.gathered;
    if (samples > 0) this.options.log.warn({ samples }, 'what was learned of models last is lost');
  }

  private sendLater(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.send();
    }, this.options.gatherMs ?? GATHER_MS).unref();
  }

  /** One signal after another, so that they are learned in order. */
  private send(): Promise<void> {
    this.sending = this.sending.then(() => this.sendAll());
    return this.sending;
  }

  private async sendAll(): Promise<void> {
    while (this.gathered.length > 0) {
      const samples = this.gathered.splice(0, LEARN_AT_ONCE);
      try {
        await this.signal(samples);
        this.unheard = false;
      } catch (error) {
        this.keep([...samples, ...this.gathered]);
        if (!this.unheard) this.options.log.warn({ error }, 'what was learned of models is sent again later');
        this.unheard = true;
        if (!this.closed) this.sendLater();
        return;
      }
    }
  }

  private keep(samples: readonly ProfileSample[]): void {
    this.gathered = samples.slice(-KEPT);
  }

  private async signal(samples: readonly ProfileSample[]): Promise<void> {
    const { organisation, taskQueue } = this.options;
    await this.client.withDeadline(Date.now() + SEND_MS, () =>
      this.client.workflow.signalWithStart(MODEL_PROFILES, {
        workflowId: profilesWorkflowId(organisation),
        taskQueue,
        args: [{ organisation } satisfies ProfilesInput],
        signal: learnSignal,
        signalArgs: [samples],
        staticSummary: `what was learned of models by ${organisation}`,
      }),
    );
  }
}
