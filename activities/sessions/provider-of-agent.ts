import type { AgentsConfig } from '../../contracts/schemas/agents';

/** Whose usage limits an agent shares: what the operator says, its kind's, or for any program its own. */
export function providerOfAgent(agents: AgentsConfig, agent: string): string {
  const config = agents[agent];
  if (config === undefined) return agent;
  return config.provider ?? (config.kind === 'generic' ? agent : config.kind);
}
