import type { Host } from '../temporal';
import type { Alert, PoolQueue } from './queue-report';

/** Pure: what is wrong with a pool. */
export function alertsOf(queue: PoolQueue, hosts: readonly Host[], at: number): Alert[] {
  const { pool, depth, sessions, closed } = queue;
  const waiting = { pool, waiting: depth };
  const wait = depth === 1 ? '1 prompt waits' : `${depth} prompts wait`;
  if (queue.hosts.length === 0) return [{ ...waiting, kind: 'unserved', ...unserved(queue, hosts, wait) }];
  if (closed !== undefined && (closed.until === undefined || closed.until > at)) {
    const text = `${pool} takes no prompts: ${closed.why}${depth > 0 ? `; ${wait}` : ''}`;
    const todo = 'Prompts with a chain go to its next pool meanwhile.';
    return [{ ...waiting, kind: 'closed', text, todo, ...(closed.until !== undefined && { until: closed.until }) }];
  }
  if (depth === 0 || sessions.idle > 0) return [];
  const { busy, of } = sessions;
  const text = `no session of ${pool} is idle (busy ${busy}/${of}); ${wait}`;
  const todo =
    busy < of
      ? `See why the others take no work: gantry sessions --pool ${pool}`
      : `Serve more of it on this or another machine: gantry host --pool ${pool}=${of + 1}`;
  return [{ ...waiting, kind: 'none-idle', text, todo }];
}

function unserved({ pool, depth }: PoolQueue, hosts: readonly Host[], wait: string): Pick<Alert, 'text' | 'todo'> {
  const lost = hosts.filter(({ view }) => view?.pools.some((one) => one.pool === pool)).map(({ host }) => host);
  const who = lost.length === 0 ? '' : `: ${lost.join(', ')} ${lost.length === 1 ? 'is' : 'are'} lost`;
  return {
    text: `nobody serves ${pool}${who}${depth > 0 ? `; ${wait}` : ''}`,
    todo: `Serve it on a machine that has its agent: gantry host --pool ${pool}=1`,
  };
}
