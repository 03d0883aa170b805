import { formatDuration } from '../../contracts/duration';
import { queueReport } from '../sessions/pool-queue';
import type { PoolQueue } from '../sessions/queue-report';
import type { Host, Temporal } from '../temporal';
import { ok, warn, type Finding } from './finding';

/** The hosts of sessions, and the pools that they or the agents of this machine make one expect. */
export async function examineSessions(temporal: Temporal, agents: readonly string[]): Promise<Finding[]> {
  const [hosts, waiting] = await Promise.all([temporal.hosts.list(), temporal.queues.waiting()]);
  const at = Date.now();
  const { pools, alerts } = queueReport(hosts, waiting, at);
  const known = pools.map(({ pool }) => pool);
  // An agent need not be a pool of its own name: it is served if some pool has it.
  const idle = agents.filter((agent) => !known.includes(agent) && !pools.some((pool) => pool.agent === agent));
  return [
    ...hostFindings(hosts, at),
    ...pools.map((pool) => {
      const alert = alerts.find((one) => one.pool === pool.pool);
      return alert ? warn(`Pool ${pool.pool}`, alert.text, alert.todo) : ok(`Pool ${pool.pool}`, standing(pool));
    }),
    ...idle.map((agent) =>
      warn(
        `Pool ${agent}`,
        'nobody serves it',
        `Stages for it wait until somebody does: gantry host --pool ${agent}=1`,
      ),
    ),
  ];
}

function hostFindings(hosts: readonly Host[], at: number): Finding[] {
  if (hosts.length === 0) {
    return [warn('Hosts', 'no host of sessions is up', 'Start one with `gantry host`, or all with `gantry dev`.')];
  }
  return hosts.map(({ host, view, lostSince }) => {
    const what = `Host ${host}`;
    if (lostSince !== undefined) {
      const found = `lost for ${formatDuration(Math.max(0, at - lostSince))}`;
      return warn(what, found, `Start it again on its machine: gantry host --name ${host}`);
    }
    if (view === undefined)
      return warn(what, 'has not said anything yet', 'Look again in a moment; its log says more.');
    const unwell = view.sessions.filter(({ state }) => state === 'unhealthy');
    if (unwell.length > 0) {
      const names = unwell.map(({ name }) => name).join(', ');
      return warn(
        what,
        `${names}: the agent does not come up`,
        `See why with \`gantry sessions --host ${host}\`, then restart.`,
      );
    }
    const count = view.sessions.length;
    return ok(what, `${count} session${count === 1 ? '' : 's'}, ${view.freeMemoryMb} MB of memory free`);
  });
}

function standing({ sessions, hosts, depth }: PoolQueue): string {
  const waiting = depth === 0 ? 'nothing waits' : `${depth} waiting`;
  return `${sessions.idle} of ${sessions.of} sessions idle on ${hosts.join(', ')}; ${waiting}`;
}
