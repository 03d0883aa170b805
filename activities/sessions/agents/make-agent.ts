import type { AgentConfig } from '../../../contracts/schemas/agents';
import type { AgentKind } from './agent-kind';
import { claudeAgent } from './claude';
import { codexAgent } from './codex';
import { genericAgent } from './generic';
import { offlineAgent } from './offline';

/** The adapter of a configured agent. */
export function makeAgent(config: AgentConfig): AgentKind {
  switch (config.kind) {
    case 'generic':
      return genericAgent(config);
    case 'offline':
      return offlineAgent(config);
    case 'claude':
      return claudeAgent(config);
    case 'codex':
      return codexAgent(config);
  }
}
