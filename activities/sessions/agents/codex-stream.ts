import { parseObject } from '../line-tail';
import type { AgentEvent, Usage } from '../turn-state';

/** A line of `codex exec --json`. */
export function readCodexStream(line: string): readonly AgentEvent[] {
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
