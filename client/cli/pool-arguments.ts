import type { Command } from 'commander';
import { agentsConfig, type AgentsConfig } from '../../contracts/schemas/agents';
import type { PoolSpec } from '../../contracts/schemas/pools';
import { poolsOf } from '../sessions/pool-options';
import { readAgents } from '../sessions/read-agents';

export interface PoolArguments {
  readonly pool: readonly string[];
  readonly reserve: readonly string[];
}

/** Options of every command that serves sessions. */
export function addPoolArguments(command: Command): Command {
  return command
    .option(
      '--pool <name=size>',
      'sessions of an agent: codex=3, claude=2..5, NAME=SIZE:AGENT; repeatable',
      collect,
      [],
    )
    .option(
      '--reserve <name=count>',
      'of them, kept free for critical work: claude-critical=1; repeatable',
      collect,
      [],
    );
}

/** The pools that were asked for; undefined when none was: then the configured agents are served. */
export function poolsAskedFor(
  given: PoolArguments,
  agentsFile: string | undefined,
  options: { readonly offline?: boolean } = {},
): PoolSpec[] | undefined {
  if (given.pool.length === 0 && given.reserve.length === 0) return undefined;
  const agents = options.offline ? withOffline(readAgents(agentsFile)) : readAgents(agentsFile);
  const pools = poolsOf(given, agents);
  const { offline } = agents;
  if (!options.offline || !offline || pools.some(({ agent }) => agent === 'offline')) return pools;
  return [...pools, { pool: 'offline', agent: 'offline', ...offline.sessions }];
}

function withOffline(agents: AgentsConfig): AgentsConfig {
  return { ...agents, ...agentsConfig.parse({ offline: { kind: 'offline' } }) };
}

export function collect(value: string, all: readonly string[]): string[] {
  return [...all, value];
}
