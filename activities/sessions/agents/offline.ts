import { join } from 'node:path';
import type { AgentConfig } from '../../../contracts/schemas/agents';
import type { AgentKind } from './agent-kind';
import { classifyFailure } from './classify-failure';
import { readHookEvent } from './hook-events';

const PROGRAM = join(__dirname, '..', '..', '..', 'examples', 'offline', 'agent.js');

/** The small agent of examples/offline: a real program that needs no account and no network. */
export function offlineAgent(config: AgentConfig & { kind: 'offline' }): AgentKind {
  const command = config.command ?? [process.execPath, PROGRAM];
  return {
    name: 'offline',
    backends: config.backend === 'tmux' ? ['tmux', 'headless'] : ['headless', 'tmux'],
    resumes: false,
    terminal: { box: /^› ?/u, ready: 'event', accepted: 'event', interrupt: 'Escape' },
    passes: ['GANTRY_OFFLINE_MODEL_URL', 'GANTRY_AGENT_LOG'],
    start: ({ backend }) => ({ argv: backend === 'tmux' ? command : [...command, '--print'], env: {}, files: {} }),
    readJournal: readHookEvent,
    readOutput: () => [], // it writes the same events to the journal
    classifyFailure,
  };
}
