import { parseObject } from '../line-tail';
import type { JournalEvent } from './agent-kind';

/**
 * A line of the hook protocol that coding agents share: `{"hook_event_name": "Stop", …}`. Lines and events that are
 * not known are nothing: agents grow new ones.
 */
export function readHookEvent(line: string): readonly JournalEvent[] {
  const event = parseObject(line);
  if (!event || isFromSubagent(event)) return [];
  switch (event['hook_event_name']) {
    case 'SessionStart':
      return [started(event), { kind: 'ready' }];
    case 'UserPromptSubmit':
      return [{ kind: 'prompt', prompt: text(event['prompt']) ?? '' }];
    case 'PreToolUse':
    case 'PostToolUse':
    case 'PostToolUseFailure':
      return [{ kind: 'working', what: describeTool(event) }];
    case 'PermissionRequest':
      return [{ kind: 'blocked', what: describeTool(event) }];
    case 'Stop':
      return [finished(event)];
    case 'StopFailure':
      return [failed(event)];
    case 'Interrupt':
      return [{ kind: 'interrupted' }];
    default:
      return [];
  }
}

// Hooks fire inside subagents too; their turns are not the agent's.
function isFromSubagent(event: Record<string, unknown>): boolean {
  return event['agent_id'] !== undefined && event['agent_id'] !== null;
}

function started(event: Record<string, unknown>): JournalEvent {
  const session = text(event['session_id']);
  return { kind: 'started', ...(session !== undefined && { session }) };
}

function finished(event: Record<string, unknown>): JournalEvent {
  const message = text(event['last_assistant_message']);
  const tasks = Array.isArray(event['background_tasks']) ? (event['background_tasks'] as { status?: unknown }[]) : [];
  const background = tasks.filter((task) => task.status === 'running').length;
  return {
    kind: 'finished',
    background,
    ...(message !== undefined && { message }),
    ...readUsage(event['usage']),
  };
}

function failed(event: Record<string, unknown>): JournalEvent {
  const message = text(event['last_assistant_message']) ?? text(event['message']) ?? '';
  return { kind: 'failed', reason: text(event['error']) ?? 'unknown', message };
}

function readUsage(value: unknown): { usage?: { inputTokens?: number; outputTokens?: number } } {
  if (typeof value !== 'object' || value === null) return {};
  const { input_tokens: input, output_tokens: output } = value as Record<string, unknown>;
  const usage = {
    ...(typeof input === 'number' && { inputTokens: input }),
    ...(typeof output === 'number' && { outputTokens: output }),
  };
  return { usage };
}

function describeTool(event: Record<string, unknown>): string {
  const name = text(event['tool_name']) ?? 'a tool';
  const input = event['tool_input'];
  if (typeof input !== 'object' || input === null) return name;
  const { command, file_path: file } = input as Record<string, unknown>;
  const detail = text(command) ?? text(file);
  return detail === undefined ? name : `${name}: ${detail.split('\n', 1)[0]!.slice(0, 80)}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
