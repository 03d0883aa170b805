import type { DispatchInput } from '../../../contracts/activities';
import type { PoolSpec } from '../../../contracts/schemas/pools';
import type { HostView, Lease, ReserveInput } from '../../../contracts/sessions';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../failure';
import { readAgentRecord, type AgentRecord } from '../agent-record';
import { endAgent, isUp } from '../agents-at-work';
import type { SessionPorts } from '../ports';
import type { Slot } from '../slot';
import { LiveSession } from './live-session';
import { newSession, reduceSession, type SessionEvent, type SessionRecord } from './session-record';
import { sessionStore, type SessionStore } from './session-store';
import { chooseSession, freeSlots, type PoolFacts } from './slots';
import { viewOfHost } from './view';

export interface HostSpec {
  readonly host: string;
  /** Where the host takes work for its sessions. */
  readonly taskQueue: string;
  readonly pools: readonly PoolSpec[];
  /** Where the host keeps what it remembers of its sessions. */
  readonly folder: string;
}

/** A slot for one prompt that has yet to come. */
export interface Promised {
  readonly pool: string;
}

/** How a pool stands besides its sessions: looked at by the upkeep. */
export interface PoolStanding {
  readonly mayStart: boolean;
  readonly allowance?: number;
  readonly closed?: { readonly why: string; readonly until?: number };
}

/**
 * The sessions of one host: which there are, which prompt has which, and who may have the next one. One process at a
 * time holds a host's folder; what it must remember is on disk before anybody is told of it.
 */
export class SessionHost {
  readonly startedAt = Date.now();
  freeMemoryMb = 0;
  private readonly sessions = new Map<string, LiveSession>();
  private readonly promises = new Map<string, number>();
  private readonly standings = new Map<string, PoolStanding>();
  private readonly waiting: (() => void)[] = [];
  private readonly turns = new Map<string, number[]>();
  private readonly poolListeners: ((pools: readonly string[]) => void)[] = [];

  private constructor(
    readonly spec: HostSpec,
    readonly ports: SessionPorts,
    private readonly store: SessionStore,
  ) {}

  /** Take a host's folder up where its last process left it. */
  static async open(spec: HostSpec, ports: SessionPorts): Promise<SessionHost> {
    const store = sessionStore(spec.folder);
    const host = new SessionHost(spec, ports, store);
    const known = new Map((await store.load()).map((record) => [record.name, record]));
    for (const pool of spec.pools) {
      for (let index = 1; index <= pool.max; index += 1) {
        const fresh = newSession(pool.pool, pool.agent, index, Date.now());
        const record = known.get(fresh.name);
        host.add(record?.agent === pool.agent ? record : fresh);
        known.delete(fresh.name);
      }
    }
    for (const record of known.values()) await host.adoptOrEnd(record);
    return host;
  }

  /** What an earlier configuration had: it ends its work and goes. */
  private async adoptOrEnd(record: SessionRecord): Promise<void> {
    if (record.lease !== undefined) return this.add({ ...record, draining: true });
    const agent = await this.recordOf({ record });
    if (agent !== undefined) await endAgent(agent, { interrupt: true }, this.ports);
    await this.store.remove(record.name);
  }

  private add(record: SessionRecord): void {
    this.sessions.set(record.name, new LiveSession(record));
  }

  get all(): readonly LiveSession[] {
    return [...this.sessions.values()];
  }

  session(name: string): LiveSession | undefined {
    return this.sessions.get(name);
  }

  /** Names of the pools whose prompts some session gets now. */
  get pools(): readonly string[] {
    return [...new Set(this.all.map(({ record }) => record.pool))];
  }

  /** Told when sessions begin to serve other pools. */
  onPools(listener: (pools: readonly string[]) => void): void {
    this.poolListeners.push(listener);
  }

  /** Resolves once a session of the pool is free for one more prompt. Rejects on abort. */
  async promise(pool: string, signal: AbortSignal): Promise<Promised> {
    for (;;) {
      signal.throwIfAborted();
      const promised = this.tryPromise(pool);
      if (promised) return promised;
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.waiting.push(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  tryPromise(pool: string): Promised | undefined {
    if (freeSlots(this.facts(pool)) < 1) return undefined;
    this.promises.set(pool, (this.promises.get(pool) ?? 0) + 1);
    return { pool };
  }

  /** The prompt has come and has its lease, or none came. */
  takeBack({ pool }: Promised): void {
    this.promises.set(pool, Math.max(0, (this.promises.get(pool) ?? 0) - 1));
    this.wake();
  }

  /**
   * Lease a session to a prompt that was let through; the same one when the answer was lost. The promise that let it
   * through is its own, and does not stand in its way. Fails: Session.NoneIdle, to be tried again.
   */
  async reserve({ leaseId, pool, dispatchId, run, stage, prefer }: ReserveInput): Promise<Lease> {
    const before = this.all.find(({ record }) => record.lease?.id === leaseId);
    if (before) return this.leaseOf(before, leaseId, pool);
    const preferred = prefer?.host === this.spec.host ? prefer.session : undefined;
    const facts = this.facts(pool);
    const name = facts.allowance === 0 ? undefined : chooseSession(facts, preferred);
    const session = name === undefined ? undefined : this.sessions.get(name);
    if (!session) throw noneIdle(pool, this.standings.get(pool)?.closed !== undefined);
    const lease = { id: leaseId, dispatchId, run, stage, since: Date.now(), begun: false };
    await this.apply(session, { type: 'leased', lease });
    this.spendAllowance(pool);
    return this.leaseOf(session, leaseId, pool);
  }

  /** The session of a lease, for the dispatch it was made for. Fails: Session.LeaseLost. */
  async begin({ lease, dispatchId }: DispatchInput): Promise<LiveSession> {
    const session = this.sessions.get(lease.session);
    if (session?.record.lease?.id !== lease.id || session.record.lease.dispatchId !== dispatchId) {
      const message = `The lease of ${lease.session} on ${this.spec.host} has ended before the prompt came.`;
      throw failure('Session.LeaseLost', message);
    }
    await this.apply(session, { type: 'begun', leaseId: lease.id });
    return session;
  }

  /** The dispatch of a lease has ended, or will never be. True when there was a lease to end. */
  async release(leaseId: string): Promise<boolean> {
    const session = this.all.find(({ record }) => record.lease?.id === leaseId);
    if (!session) return false;
    session.turnEnded();
    await this.apply(session, { type: 'released', leaseId, at: Date.now() });
    return true;
  }

  /** What happened to a session, on disk when this resolves. */
  async apply(session: LiveSession, event: SessionEvent): Promise<void> {
    const before = session.record;
    session.record = reduceSession(before, event);
    if (session.record === before) return;
    await this.store.save(session.record);
    if (before.pool !== session.record.pool) for (const listener of this.poolListeners) listener(this.pools);
    this.wake();
  }

  /** Where one prompt meets the session's agent. */
  slotOf(session: LiveSession): Slot {
    return {
      terminal: `${this.spec.host}-${session.record.name}`,
      directory: this.store.directory(session.record.name),
      current: () => this.agentOf(session),
      occupy: async (agent) => {
        if (session.record.agentId === agent.id) return;
        const other = await this.recordOf(session);
        if (other) await endAgent(other, { interrupt: true }, this.ports);
        await this.apply(session, { type: 'occupied', agentId: agent.id });
      },
      vacate: (agentId) => this.apply(session, { type: 'vacated', agentId }),
    };
  }

  /** The record of the agent that a session has, whether it is still up or not. */
  async recordOf({ record: { agentId } }: Pick<LiveSession, 'record'>): Promise<AgentRecord | undefined> {
    return agentId === undefined ? undefined : readAgentRecord(this.ports.home, agentId);
  }

  /** The agent that is up in a session. */
  async agentOf(session: LiveSession): Promise<AgentRecord | undefined> {
    const agent = await this.recordOf(session);
    return agent !== undefined && (await isUp(this.ports.home, agent)) ? agent : undefined;
  }

  stand(pool: string, standing: PoolStanding): void {
    this.standings.set(pool, standing);
    this.wake();
  }

  standing(pool: string): PoolStanding | undefined {
    return this.standings.get(pool);
  }

  /** A turn of the pool took this long. */
  noteTurn(pool: string, ms: number): void {
    this.turns.set(pool, [...(this.turns.get(pool) ?? []).slice(-REMEMBERED_TURNS + 1), ms]);
  }

  turnsOf(pool: string): readonly number[] {
    return this.turns.get(pool) ?? [];
  }

  /** Resolves once no prompt has a session; never once the process ends before. */
  async untilFree(ending: AbortSignal): Promise<void> {
    while (this.all.some(({ record }) => record.lease !== undefined)) {
      if (ending.aborted) await new Promise(() => undefined);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  view(): HostView {
    return viewOfHost(this);
  }

  wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  private facts(pool: string): PoolFacts {
    const { mayStart, allowance } = this.standings.get(pool) ?? { mayStart: false };
    const candidates = this.all
      .filter(({ record }) => record.pool === pool)
      .map((session) => ({
        name: session.record.name,
        state: session.state,
        draining: session.record.draining,
        kept: session.keptConversation !== undefined,
      }));
    const promised = this.promises.get(pool) ?? 0;
    return { candidates, promised, mayStart, ...(allowance !== undefined && { allowance }) };
  }

  private spendAllowance(pool: string): void {
    const standing = this.standings.get(pool);
    if (standing?.allowance === undefined) return;
    this.standings.set(pool, { ...standing, allowance: Math.max(0, standing.allowance - 1) });
  }

  private leaseOf({ record }: LiveSession, id: string, pool: string): Lease {
    const { host, taskQueue } = this.spec;
    return { id, pool, agent: record.agent, host, home: this.ports.homeId, session: record.name, taskQueue };
  }
}

const REMEMBERED_TURNS = 21;
const RETRY_MS = 500;
const CLOSED_RETRY_MS = 5_000;

// It goes back into the queue, where its priority counts as before.
function noneIdle(pool: string, isClosed: boolean): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'Session.NoneIdle',
    message: isClosed ? `The pool ${pool} takes no prompts now.` : `No session of the pool ${pool} is idle any more.`,
    nonRetryable: false,
    nextRetryDelay: isClosed ? CLOSED_RETRY_MS : RETRY_MS,
  });
}
