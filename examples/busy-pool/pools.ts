import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PoolSpec } from '../../contracts/schemas/pools';
import type { AgentLogs } from './agent-logs';

/** What `gantry host --pool codex=3 --pool claude=2` serves. */
export const POOLS: readonly PoolSpec[] = [
  { pool: 'codex', agent: 'codex', min: 3, max: 3 },
  { pool: 'claude', agent: 'claude', min: 2, max: 2 },
];

export const SESSIONS = POOLS.reduce((sum, { max }) => sum + max, 0);

/** Both are played by the offline agent: no account and no network. Each writes down for itself what it took. */
export function writeAgents(home: string, logs: AgentLogs): string {
  const file = path.join(home, 'agents.json');
  const agents = POOLS.map(({ agent }) => {
    const config = {
      kind: 'offline',
      'free-memory-mb': 0,
      provider: agent,
      set: { GANTRY_AGENT_LOG: logs.fileOf(agent) },
    };
    return [agent, config] as const;
  });
  writeFileSync(file, JSON.stringify(Object.fromEntries(agents), null, 2));
  return file;
}
