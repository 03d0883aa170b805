import type { Standing } from '../../../contracts/breakers';
import { providerOfAgent } from '../provider-of-agent';
import type { PoolStanding, SessionHost } from './session-host';

/** What an agent that is still starting will take, as far as nobody knows better. */
const STARTING_MB = 256;

export interface PoolWatchPorts {
  readonly standing: (provider: string) => Promise<Standing>;
  /** May this host be the one that tries a provider again? One host alone is told yes. */
  readonly takeProbe: (provider: string, who: string) => Promise<boolean>;
}

/** How every pool of the host stands besides its sessions: memory, and the limits of its provider. */
export async function standingsOf(
  host: SessionHost,
  ports: PoolWatchPorts,
): Promise<readonly (readonly [string, PoolStanding])[]> {
  const starting = host.all.filter((session) => session.starting).length;
  const freeMb = host.freeMemoryMb - starting * STARTING_MB;
  return Promise.all(
    host.pools.map(async (pool) => {
      const agent = host.all.find(({ record }) => record.pool === pool)?.record.agent ?? pool;
      const config = host.ports.agents[agent];
      const mayStart = freeMb >= (config?.['free-memory-mb'] ?? 0);
      const provider = providerOfAgent(host.ports.agents, agent);
      const { state, why = 'its provider takes nothing now', until } = await ports.standing(provider);
      const closed = { why, ...(until !== undefined && { until }) };
      switch (state) {
        case 'closed':
          return [pool, { mayStart }] as const;
        case 'half-open': {
          const has = (host.standing(pool)?.allowance ?? 0) > 0 || (await ports.takeProbe(provider, host.spec.host));
          return [
            pool,
            { mayStart, allowance: has ? 1 : 0, closed: { why: 'its provider is being tried again' } },
          ] as const;
        }
        default:
          return [pool, { mayStart, allowance: 0, closed }] as const;
      }
    }),
  );
}
