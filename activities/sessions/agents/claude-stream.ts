import { parseObject } from '../line-tail';
import type { AgentEvent, Usage } from '../turn-state';

/** A line of `--output-format stream-json`. */
export function readClaudeStream(line: string): readonly AgentEvent[] {
  const event = parseObject(line);
  switch (event?.['type']) {
    case 'system':
      return readSystem(event);
    case 'assistant':
      return readAssistant(event);
    case 'result':
      return [readResult(event)];
    default:
      return [];
  }
}

function readSystem(event: Record<string, unknown>): AgentEvent[] {
  if (event['subtype'] === 'init') {
    return [{ kind: 'started', session: String(event['session_id']) }, { kind: 'accepted' }];
  }
  if (event['subtype'] === 'api_retry') {
    return [
      { kind: 'working', what: `waits for its model (try ${String(event['attempt'])}: ${String(event['error'])})` },
    ];
  }
  // Its first result comes while these run; when they end it takes another turn, with a result of its own.
  if (event['subtype'] === 'background_tasks_changed' && Array.isArray(event['tasks'])) {
    return [{ kind: 'background', running: event['tasks'].length }];
  }
  return [];
}

function readAssistant(event: Record<string, unknown>): AgentEvent[] {
  const content = (event['message'] as { content?: unknown } | undefined)?.content;
  if (!Array.isArray(content)) return [];
  const tools = (content as { type?: unknown; name?: unknown }[]).filter((part) => part.type === 'tool_use');
  return tools.map((tool) => ({ kind: 'working', what: String(tool.name) }));
}

// `subtype` says "success" for errors of the API too: `is_error` alone tells.
function readResult(event: Record<string, unknown>): AgentEvent {
  const usage = readUsage(event);
  const message = typeof event['result'] === 'string' ? event['result'] : '';
  if (event['is_error'] !== true) return { kind: 'finished', message, usage };
  const status = event['api_error_status'];
  const reason = typeof status === 'number' ? `status ${status}` : String(event['terminal_reason'] ?? event['subtype']);
  return { kind: 'failed', reason, message, usage };
}

// `usage` is that of the last turn, `modelUsage` that of the whole process, with its subagents.
function readUsage(event: Record<string, unknown>): Usage {
  const models = Object.values((event['modelUsage'] ?? {}) as Record<string, Record<string, unknown>>);
  const total = (...names: string[]) => sum(models.flatMap((model) => names.map((name) => model[name])));
  const usage = (event['usage'] ?? {}) as Record<string, unknown>;
  const last = (...names: string[]) => sum(names.map((name) => usage[name]));
  const costUsd = event['total_cost_usd'];
  return {
    inputTokens:
      total('inputTokens', 'cacheCreationInputTokens', 'cacheReadInputTokens') ||
      last('input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'),
    outputTokens: total('outputTokens') || last('output_tokens'),
    ...(typeof costUsd === 'number' && { costUsd }),
  };
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((all, value) => all + (typeof value === 'number' ? value : 0), 0);
}
