import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import { failure } from '../../activities/failure';
import { withHeartbeat } from '../../activities/heartbeat';
import type {
  DispatchAsks,
  DispatchInput,
  DispatchResult,
  PoolActivities,
  SessionActivities,
} from '../../contracts/activities';
import type { AskAnswer, Conversation, Lease, ReserveInput } from '../../contracts/sessions';
import { hostTaskQueue } from '../../contracts/task-queues';
import type { FakeHost, Script } from './fake-host';
import { waitUntil } from './wait-until';

interface FakeSession {
  readonly name: string;
  readonly pool: string;
  lease?: Lease;
}

/** What is known of a turn: a second call of its dispatch attaches to it. */
interface FakeTurn {
  readonly work: Promise<Script>;
  readonly answered: Set<string>;
  /** It ended badly, whatever it was waiting for. */
  failed: boolean;
}

/** A host of sessions whose agents do as the script of their stage says. It leases like a real one: only what is idle. */
export class FakeSessionHost {
  readonly sessions: readonly FakeSession[];
  /** In the order in which they were leased. */
  readonly leased: ReserveInput[] = [];
  /** So many dispatches find their lease lapsed. */
  leasesToLose = 0;
  /** Set: its work in flight is never heard of again. */
  gone = false;
  private readonly promised = new Map<string, number>();
  private readonly waiting = new Set<() => void>();
  private readonly turns = new Map<string, FakeTurn>();

  constructor(
    readonly name: string,
    pools: Readonly<Record<string, number>>,
    readonly home: string,
    private readonly script: FakeHost,
  ) {
    this.sessions = Object.entries(pools).flatMap(([pool, size]) =>
      Array.from({ length: size }, (_, index): FakeSession => ({ name: `${pool}-${index + 1}`, pool })),
    );
  }

  get pools(): string[] {
    return [...new Set(this.sessions.map((session) => session.pool))];
  }

  /** On the queue of a pool. */
  poolActivities(baseQueue: string): PoolActivities {
    return {
      reserveSession: async (input) => {
        const session = this.choose(input);
        if (session === undefined) throw noneIdle(input.pool);
        session.lease ??= {
          id: input.leaseId,
          pool: input.pool,
          agent: input.pool.replace('-critical', ''),
          host: this.name,
          home: this.home,
          session: session.name,
          taskQueue: hostTaskQueue(baseQueue, this.name),
        };
        this.leased.push(input);
        return session.lease;
      },
    };
  }

  /** On the host's own queue. */
  sessionActivities(): Pick<SessionActivities, 'dispatchPrompt' | 'answerAgent' | 'releaseSession'> {
    return {
      dispatchPrompt: (input) => this.dispatch(input),
      answerAgent: async (answer) => this.answer(answer),
      releaseSession: async ({ lease }) => {
        this.script.acts.push(`release ${lease.session}`);
        return { released: this.free(lease) };
      },
    };
  }

  /** Promises a slot of a pool's queue only while a session of the pool is idle. */
  slots(pool: string): CustomSlotSupplier<ActivitySlotInfo> {
    return {
      type: 'custom',
      reserveSlot: (_context, signal) => this.promise(pool, signal),
      tryReserveSlot: () => null,
      markSlotUsed: () => undefined,
      releaseSlot: () => {
        this.promised.set(pool, (this.promised.get(pool) ?? 0) - 1);
        this.wake();
      },
    };
  }

  /** Somebody attaches to the agent's terminal and answers there. */
  answerAtTerminal(dispatchId: string, askId: string): void {
    this.turns.get(dispatchId)?.answered.add(askId);
  }

  private choose({ leaseId, pool, prefer }: ReserveInput): FakeSession | undefined {
    const known = this.sessions.find((session) => session.lease?.id === leaseId);
    const idle = this.sessions.filter((session) => session.pool === pool && session.lease === undefined);
    const preferred = idle.find(({ name }) => prefer?.host === this.name && prefer.session === name);
    return known ?? preferred ?? idle[0];
  }

  private free(lease: Lease): boolean {
    const session = this.sessions.find((one) => one.lease?.id === lease.id);
    if (session === undefined) return false;
    delete session.lease;
    this.wake();
    return true;
  }

  private async dispatch(input: DispatchInput): Promise<DispatchResult | DispatchAsks> {
    const { lease, dispatchId } = input;
    if (this.leasesToLose > 0) {
      this.leasesToLose -= 1;
      this.free(lease);
    }
    const isMine = this.sessions.some((session) => session.lease?.id === lease.id);
    if (!isMine) throw failure('Session.LeaseLost', `the lease of ${lease.session} has lapsed`);
    const turn = this.turns.get(dispatchId) ?? this.begin(input);
    const conversation: Conversation = input.resume ?? {
      id: `talk-${dispatchId}`,
      agent: lease.agent,
      host: this.name,
      session: lease.session,
    };
    try {
      const end = await withHeartbeat(
        () => ({ conversation: { ...conversation } }),
        () => Promise.race([this.follow(turn, input), this.untilCancelled()]),
      );
      if ('asks' in end) return end;
      this.free(lease);
      return this.resultOf(input, end, conversation);
    } catch (error) {
      this.free(lease);
      throw error;
    }
  }

  private begin(input: DispatchInput): FakeTurn {
    this.script.prompts.push(input);
    this.script.acts.push(`agent ${input.stage}`);
    const turn: FakeTurn = { work: this.script.perform(input.stage), answered: new Set(), failed: false };
    turn.work.catch(() => (turn.failed = true));
    this.turns.set(input.dispatchId, turn);
    return turn;
  }

  /** To the end of the turn, or to the next question that nobody was asked yet. */
  private async follow(turn: FakeTurn, { stage, asked }: DispatchInput): Promise<Script | DispatchAsks> {
    const asks = this.script.asksOf(stage);
    const isAnswered = (id: string): boolean => turn.answered.has(id);
    const next = () => asks.find(({ id, after = [] }) => !asked.includes(id) && after.every(isAnswered));
    const isOver = (): boolean => turn.failed || asks.every(({ id }) => isAnswered(id));
    const signal = Context.current().cancellationSignal;
    await waitUntil(() => signal.aborted || isOver() || next() !== undefined, { timeoutMs: 120_000 });
    const question = next();
    if (isOver() || question === undefined) return turn.work;
    return { asks: { id: question.id, kind: question.kind, what: question.what, askedAt: Date.now() } };
  }

  /** A host that is gone does not even say that its work was cancelled. */
  private async untilCancelled(): Promise<never> {
    try {
      return await Context.current().cancelled;
    } catch (error) {
      if (this.gone) await new Promise<never>(() => undefined);
      throw error;
    }
  }

  private resultOf(input: DispatchInput, script: Script, conversation: Conversation): DispatchResult {
    const at = Date.now();
    return {
      receipts: { claimedAt: at, pastedAt: at, submittedAt: at, acceptedAt: at, finishedAt: at },
      backend: 'tmux',
      session: `${this.name}/${input.lease.session}`,
      message: { inline: 'done' },
      log: { inline: 'log' },
      commits: input.workspace === undefined ? 0 : 1,
      head: 'beef',
      contract: 'contract met',
      conversation,
      ...(input.workspace !== undefined && input.workspace.home !== this.home
        ? { pushed: `refs/${input.dispatchId}` }
        : {}),
      ...(script.output === undefined ? {} : { output: script.output }),
      ...(script.costUsd === undefined ? {} : { costUsd: script.costUsd }),
    };
  }

  private answer({ dispatchId, askId, session, allow, text }: AskAnswer): { answered: boolean } {
    const said = text === undefined ? '' : `: ${text}`;
    this.script.acts.push(`answer ${askId} of ${session} ${allow ? 'yes' : 'no'}${said}`);
    const turn = this.turns.get(dispatchId);
    if (turn === undefined || turn.answered.has(askId)) return { answered: false };
    turn.answered.add(askId);
    return { answered: true };
  }

  private async promise(pool: string, signal: AbortSignal): Promise<object> {
    for (;;) {
      signal.throwIfAborted();
      const idle = this.sessions.filter((one) => one.pool === pool && one.lease === undefined).length;
      const promised = this.promised.get(pool) ?? 0;
      if (idle > promised) {
        this.promised.set(pool, promised + 1);
        return {};
      }
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

/** Unlike all others this failure is for Temporal, which tries again. */
function noneIdle(pool: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'Session.NoneIdle',
    message: `no session of ${pool} is idle`,
    nextRetryDelay: 50,
  });
}
