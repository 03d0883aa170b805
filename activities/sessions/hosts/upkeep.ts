import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '../../../contracts/sessions';
import type { RunRef } from '../../../contracts/run';
import { endAgent, keptFor } from '../agents-at-work';
import { agentDir, processDir } from '../agent-record';
import { inspect } from '../../processes/supervised';
import type { LiveSession } from './live-session';
import { forgetOld } from './forget-old';
import { freeMemoryMb, memoryOf } from './memory';
import type { SessionHost } from './session-host';
import { standingsOf, type PoolWatchPorts } from './pool-standing';
import { isUnhealthy } from './session-record';
import { startAhead } from './start-ahead';
import { stopAgent } from './stop-agent';

const ROUND_MS = 1_000;
const MEMORY_EVERY_MS = 15_000;
const CHECK_EVERY_MS = 300_000;
const TIDY_EVERY_MS = 3_600_000;
const STARTS_A_ROUND = 3;
const ORPHAN_MS = 60_000;

export interface UpkeepPorts extends PoolWatchPorts {
  /** Is the run still open? */
  readonly isOpen: (run: RunRef) => Promise<boolean>;
  /** Dispatches that an activity of this process follows now. */
  readonly followed: () => ReadonlySet<string>;
  /** A dispatch that nobody follows for this long is asked about: its run may have ended while the host was down. */
  readonly orphanMs?: number;
}

/**
 * Keep a host's sessions as they should be, without asking any model: what died is noticed, what should be up is
 * started, what nobody needs is stopped, what nobody claims is free again. Resolves after `stopped`.
 */
export async function keepUp(host: SessionHost, ports: UpkeepPorts, stopped: AbortSignal): Promise<void> {
  const upkeep = new Upkeep(host, ports);
  while (!stopped.aborted) {
    await upkeep.round().catch((error: unknown) => host.ports.log.info('a round of the upkeep failed', { error }));
    await sleep(ROUND_MS, undefined, { signal: stopped, ref: false }).catch(() => undefined);
  }
}

class Upkeep {
  private memoryAt = 0;
  private checkedAt = Date.now();
  private tidiedAt = 0;
  private readonly unfollowedSince = new Map<string, number>();

  constructor(
    private readonly host: SessionHost,
    private readonly ports: UpkeepPorts,
  ) {}

  async round(): Promise<void> {
    const { host, ports } = this;
    host.freeMemoryMb = await freeMemoryMb();
    for (const [pool, standing] of await standingsOf(host, ports)) host.stand(pool, standing);
    await Promise.all(host.all.map((session) => this.tend(session)));
    if (Date.now() - this.memoryAt > MEMORY_EVERY_MS) await this.measure();
    if (Date.now() - this.checkedAt > CHECK_EVERY_MS) await this.tryUnhealthyAgain();
    await this.startSome();
    if (Date.now() - this.tidiedAt > TIDY_EVERY_MS) await this.tidy();
    host.wake();
  }

  private async tend(session: LiveSession): Promise<void> {
    await this.look(session);
    const { lease } = session.record;
    if (lease === undefined) return this.stopIfIdle(session);
    if (!lease.begun) {
      if (Date.now() - lease.since > LEASE_MS) await this.host.release(lease.id);
      return;
    }
    await this.endIfOrphaned(session, lease);
  }

  private async look(session: LiveSession): Promise<void> {
    const { host } = this;
    const { lease } = session.record;
    const record = await host.recordOf(session);
    if (record === undefined) return void (session.up = false);
    const place = { id: record.id, dir: agentDir(host.ports.home, record.id) };
    const process = await inspect(processDir(place.dir));
    session.up = process.state === 'running';
    session.pid = process.state === 'running' ? process.pid : undefined;
    session.keptConversation = await keptFor(host.ports.home, record);
    const backend = host.ports.backends[record.backend];
    session.held = session.up && (await backend.held(place));
    const isGone = process.state === 'exited' || process.state === 'lost';
    const loss = session.up && lease === undefined ? await backend.lost(place) : undefined;
    if (lease !== undefined || session.starting || (!isGone && loss === undefined)) return;
    // Nobody's prompt is in it: it goes, and another one comes when one is needed.
    await endAgent(record, { interrupt: false }, host.ports);
    await host.apply(session, { type: 'vacated', agentId: record.id });
    session.up = false;
  }

  private async stopIfIdle(session: LiveSession): Promise<void> {
    const { record } = session;
    const isSpare = !this.isKeptUp(session) || session.keptConversation !== undefined;
    const idleMs = this.host.ports.agents[record.agent]?.['idle-stop-ms'] ?? 0;
    if (!session.up || session.starting || !isSpare || Date.now() - record.freeSince < idleMs) return;
    await stopAgent(this.host, session);
  }

  /** Is it one of those that its own pool has at least? */
  private isKeptUp({ record: { ownPool, index } }: LiveSession): boolean {
    const pool = this.host.spec.pools.find((one) => one.pool === ownPool);
    return pool !== undefined && index <= pool.min;
  }

  private async endIfOrphaned(session: LiveSession, lease: NonNullable<LiveSession['record']['lease']>): Promise<void> {
    if (this.ports.followed().has(lease.dispatchId)) return void this.unfollowedSince.delete(lease.id);
    const since = this.unfollowedSince.get(lease.id) ?? Date.now();
    this.unfollowedSince.set(lease.id, since);
    if (Date.now() - since < (this.ports.orphanMs ?? ORPHAN_MS) || (await this.ports.isOpen(lease.run))) return;
    this.unfollowedSince.delete(lease.id);
    await stopAgent(this.host, session);
    await this.host.release(lease.id);
  }

  private async measure(): Promise<void> {
    this.memoryAt = Date.now();
    const up = this.host.all.filter((session) => session.up && session.pid !== undefined);
    const sizes = await memoryOf(up.map((session) => session.pid!));
    for (const session of up) session.memoryMb = sizes.get(session.pid!);
  }

  private async tryUnhealthyAgain(): Promise<void> {
    this.checkedAt = Date.now();
    for (const session of this.host.all) {
      if (isUnhealthy(session.record)) await this.host.apply(session, { type: 'trusted' });
    }
  }

  private async tidy(): Promise<void> {
    this.tidiedAt = Date.now();
    const ids = this.host.all.flatMap(({ record }) => [record.agentId, record.lease?.dispatchId]);
    await forgetOld(this.host.ports.home, new Set(ids.filter((id) => id !== undefined)));
  }

  /** A few a round: thirty agents that start at once are all late. */
  private async startSome(): Promise<void> {
    const { host } = this;
    const wanted = host.all.filter((session) => {
      const { pool, draining } = session.record;
      const isDown = session.state === 'stopped' && !draining;
      return isDown && this.isKeptUp(session) && host.standing(pool)?.mayStart === true;
    });
    for (const session of wanted.slice(0, STARTS_A_ROUND)) await startAhead(host, session);
  }
}
