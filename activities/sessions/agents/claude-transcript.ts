import { parseObject } from '../line-tail';
import type { AgentEvent } from '../turn-state';

/** A line of the file in which Claude Code logs a conversation: what its hooks do not tell is what it cost. */
export function readClaudeTranscript(line: string): readonly AgentEvent[] {
  const entry = parseObject(line);
  if (entry?.['isSidechain'] === true) return [];
  if (entry?.['type'] === 'user' && entry['turnOrigin'] === 'human' && entry['promptSource'] !== undefined) {
    return [{ kind: 'began' }];
  }
  if (entry?.['type'] === 'system' && entry['subtype'] === 'turn_duration') return [{ kind: 'logged' }];
  return entry?.['type'] === 'assistant' ? readSpent(entry) : [];
}

// One request is several lines, one for each part of its answer, and each repeats what it cost so far.
function readSpent(entry: Record<string, unknown>): AgentEvent[] {
  const { id, usage } = (entry['message'] ?? {}) as { id?: unknown; usage?: Record<string, unknown> };
  const request = entry['requestRef'] ?? entry['requestId'] ?? id;
  if (typeof request !== 'string' || !usage) return [];
  const input = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  const inputTokens = input.reduce((sum, name) => sum + toNumber(usage[name]), 0);
  return [{ kind: 'spent', request, usage: { inputTokens, outputTokens: toNumber(usage['output_tokens']) } }];
}

function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
