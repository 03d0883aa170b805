import type { HostView, SessionState, SessionView } from '../../contracts/sessions';
import type { Host, WaitingPrompt } from '../temporal';
import { alertsOf } from './alerts';
import { estimateWait } from './estimate-wait';
import type { PoolQueue, QueueReport } from './queue-report';

/** Pure: hosts and waiting prompts as queues, by pool, with what is wrong with them. */
export function queueReport(
  hosts: readonly Host[],
  { prompts, more }: { readonly prompts: readonly WaitingPrompt[]; readonly more: boolean },
  at: number,
): QueueReport {
  const served = hosts.flatMap(({ view }) => view?.pools.map(({ pool }) => pool) ?? []);
  const names = [...new Set([...served, ...prompts.map(({ pool }) => pool)])].sort();
  const pools = names.map((pool) =>
    poolQueue(
      pool,
      hosts,
      prompts.filter((prompt) => prompt.pool === pool),
      at,
    ),
  );
  return { at, pools, alerts: pools.flatMap((pool) => alertsOf(pool, hosts, at)), more };
}

const TAKES_PROMPTS: readonly SessionState[] = ['idle', 'stopped'];
const AT_WORK: readonly SessionState[] = ['starting', 'leased', 'working', 'asking', 'held', 'detecting'];

function poolQueue(pool: string, hosts: readonly Host[], prompts: readonly WaitingPrompt[], at: number): PoolQueue {
  const serving = servingHosts(pool, hosts);
  const sessions = serving.flatMap((view) => view.sessions.filter((session) => session.pool === pool));
  const idle = sessions.filter(takesPrompts).length;
  const busy = sessions.filter(({ state }) => AT_WORK.includes(state));
  const views = serving.flatMap((view) => view.pools.filter((one) => one.pool === pool));
  const turns = views.flatMap(({ turnMs }) => (turnMs === undefined ? [] : [turnMs])).sort((a, b) => a - b);
  const turnMs = turns[Math.floor(turns.length / 2)];
  const closed = closedOf(views);
  const load = {
    idle,
    busyForMs: busy.map(({ since }) => Math.max(0, at - since)),
    ...(turnMs !== undefined && { turnMs }),
    ...(closed?.until !== undefined && { closedForMs: Math.max(0, closed.until - at) }),
  };
  const inOrder = [...prompts].sort((a, b) => b.priority - a.priority || a.since - b.since);
  const agent = views[0]?.agent;
  return {
    pool,
    ...(agent !== undefined && { agent }),
    hosts: serving.map(({ host }) => host),
    sessions: { idle, busy: busy.length, of: sessions.length },
    ...(closed && { closed }),
    ...(turnMs !== undefined && { turnMs }),
    depth: prompts.length,
    ...(prompts.length > 0 && { oldest: Math.min(...prompts.map(({ since }) => since)) }),
    order: inOrder.map(({ run, stage, priority, since }, index) => {
      // Until when it is closed may not be known: then nobody can tell when it goes on either.
      const unknown = closed !== undefined && closed.until === undefined;
      const aboutMs = unknown ? undefined : estimateWait(index + 1, load);
      const named = { run, ...(stage !== undefined && { stage }), priority, since };
      return { place: index + 1, ...named, ...(aboutMs !== undefined && { aboutMs }) };
    }),
  };
}

/** What hosts that are up say, of those that serve a pool. */
export function servingHosts(pool: string, hosts: readonly Host[]): HostView[] {
  return hosts.flatMap(({ view, lostSince }) => {
    const serves = lostSince === undefined && view?.pools.some((one) => one.pool === pool);
    return serves ? [view!] : [];
  });
}

/** Would it be promised to a prompt that comes now? A stopped one is started for it. */
export function takesPrompts({ state, draining }: SessionView): boolean {
  return TAKES_PROMPTS.includes(state) && !draining;
}

/** A pool is closed while no host takes prompts for it; it opens with the first that does. */
function closedOf(views: readonly HostView['pools'][number][]): PoolQueue['closed'] {
  const closed = views.flatMap((view) => (view.closed ? [view.closed] : []));
  if (closed.length === 0 || closed.length < views.length) return undefined;
  return [...closed].sort((a, b) => (a.until ?? Infinity) - (b.until ?? Infinity))[0];
}
