import type { AgentConfig } from '../../../contracts/schemas/agents';
import { parseObject } from '../line-tail';
import type { AgentEvent, Usage } from '../turn-state';
import type { AgentKind } from './agent-kind';
import { classifyFailure } from './classify-failure';

// Not given its key under the other name here: that would overrule, and bill beside, a login with a subscription.
const LOG_IN =
  'Run `codex login` on this host, or give the worker CODEX_API_KEY: Codex does not take OPENAI_API_KEY by itself.';

/** Codex CLI, without a terminal: the prompt on standard input, one JSON object a line on standard output. */
export function codexAgent(config: AgentConfig & { kind: 'codex' }): AgentKind {
  return {
    name: 'codex',
    backends: ['headless'],
    resumes: false,
    passes: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'CODEX_HOME'],
    start: ({ model }) => {
      const wanted = model ?? config.model;
      // A workspace is gantry's own: it need not be one that a person has trusted.
      const ungated = ['--sandbox', 'danger-full-access', '--skip-git-repo-check'];
      const options = ['--json', ...ungated, ...(wanted === undefined ? [] : ['-m', wanted])];
      return { argv: [...config.command, 'exec', ...options, '-'], env: {}, files: {} };
    },
    readJournal: () => [],
    readOutput: readStreamLine,
    classifyFailure: (failure, now) => {
      const found = classifyFailure(failure, now);
      return found.type === 'Provider.Auth' ? { ...found, advice: LOG_IN } : found;
    },
  };
}

function readStreamLine(line: string): readonly AgentEvent[] {
  const event = parseObject(line);
  switch (event?.['type']) {
    case 'thread.started':
      return [{ kind: 'started', session: String(event['thread_id']) }];
    case 'turn.started':
      return [{ kind: 'accepted' }];
    case 'item.started':
    case 'item.completed':
      return readItem(event['item']);
    // It says so and tries again; when it gives up, the turn fails.
    case 'error':
      return [{ kind: 'working', what: `waits for its model (${firstLine(event['message'])})` }];
    case 'turn.completed':
      return [{ kind: 'finished', usage: readUsage(event['usage']) }];
    case 'turn.failed':
      return [failed(event['error'])];
    default:
      return [];
  }
}

// The last message comes before the end of the turn, as one of its items.
function readItem(item: unknown): AgentEvent[] {
  if (typeof item !== 'object' || item === null) return [];
  const { type, text, command, message } = item as Record<string, unknown>;
  if (type === 'agent_message' && typeof text === 'string') return [{ kind: 'said', message: text }];
  return [{ kind: 'working', what: firstLine(command ?? message ?? type) }];
}

function firstLine(value: unknown): string {
  return String(value).split('\n', 1)[0]!.slice(0, 80);
}

function failed(error: unknown): AgentEvent {
  const message = (error as { message?: unknown } | undefined)?.message;
  return { kind: 'failed', reason: 'turn failed', message: typeof message === 'string' ? message : '' };
}

function readUsage(value: unknown): Usage {
  const { input_tokens: input, output_tokens: output } = (value ?? {}) as Record<string, unknown>;
  return {
    ...(typeof input === 'number' && { inputTokens: input }),
    ...(typeof output === 'number' && { outputTokens: output }),
  };
}
