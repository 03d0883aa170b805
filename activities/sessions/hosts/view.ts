import type { HostView, PoolView, SessionView } from '../../../contracts/sessions';
import type { LiveSession } from './live-session';
import { isUnhealthy } from './session-record';
import type { SessionHost } from './session-host';

/** The host as `gantry sessions` shows it. */
export function viewOfHost(host: SessionHost): HostView {
  return {
    host: host.spec.host,
    home: host.ports.homeId,
    startedAt: host.startedAt,
    at: Date.now(),
    freeMemoryMb: host.freeMemoryMb,
    pools: host.spec.pools.map((pool) => viewOfPool(host, pool)),
    sessions: host.all.map((session) => viewOfSession(host, session)),
  };
}

function viewOfPool(host: SessionHost, { pool, agent, min, max }: SessionHost['spec']['pools'][number]): PoolView {
  const closed = host.standing(pool)?.closed;
  const turns = [...host.turnsOf(pool)].sort((a, b) => a - b);
  const turnMs = turns[Math.floor(turns.length / 2)];
  return { pool, agent, min, max, ...(closed && { closed }), ...(turnMs !== undefined && { turnMs }) };
}

function viewOfSession(host: SessionHost, session: LiveSession): SessionView {
  const { record, memoryMb, pid, lastEventAt, conversation } = session;
  const { lease } = record;
  const { state, since } = session;
  const backend = host.ports.agents[record.agent]?.backend ?? 'headless';
  const doing = isUnhealthy(record) ? record.why : session.doing;
  const attach = `tmux -L ${host.ports.tmux.socket} attach -t =${host.slotOf(session).terminal}`;
  return {
    ...{ name: record.name, pool: record.pool, agent: record.agent, backend, state, since },
    draining: record.draining,
    restarts: record.failures,
    ...(lease && { run: lease.run, stage: lease.stage, dispatchId: lease.dispatchId }),
    ...(doing !== undefined && { doing }),
    ...(lastEventAt !== undefined && { lastEventAt }),
    ...(conversation !== undefined && { conversation }),
    ...(session.up || lease?.begun === true
      ? { ...(pid !== undefined && { pid }), ...(memoryMb !== undefined && { memoryMb }) }
      : {}),
    ...(backend === 'tmux' && (session.up || lease?.begun === true) && { attach }),
  };
}
