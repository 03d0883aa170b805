import { parseObject } from '../line-tail';
import type { AgentEvent, Origin } from '../turn-state';
import type { JournalEvent } from './agent-kind';

type Payload = Readonly<Record<string, unknown>>;

/**
 * A line of the hook protocol that coding agents share: `{"hook_event_name": "Stop", …}`. Lines and events that are
 * not known are nothing: agents grow new ones.
 */
export function readHookEvent(line: string): readonly JournalEvent[] {
  const payload = parseObject(line);
  if (!payload) return [];
  const origin = readOrigin(payload);
  return read(payload).map((event) => ({ ...event, ...origin }));
}

function read(payload: Payload): readonly JournalEvent[] {
  const name = payload['hook_event_name'];
  // Hooks fire inside subagents too. Their work is the agent's, and so are their questions; their turns are not.
  if (isFromSubagent(payload) && !/^(Pre|Post)Tool|^Permission/.test(String(name))) return [];
  switch (name) {
    case 'SessionStart':
      return [started(payload), { kind: 'ready' }];
    case 'UserPromptSubmit':
      return [...knownStart(payload), { kind: 'prompt', prompt: text(payload['prompt']) ?? '' }];
    case 'PreToolUse':
    case 'PostToolUse':
    case 'PostToolUseFailure':
      return [{ kind: 'working', what: describeTool(payload) }];
    case 'PermissionRequest':
      return [{ kind: 'blocked', what: describeTool(payload), ...readAsk(payload, 'permission') }];
    case 'Question':
      return [{ kind: 'blocked', what: text(payload['question']) ?? 'a question', ...readAsk(payload, 'question') }];
    case 'PermissionAnswered':
    case 'QuestionAnswered':
      return [unblocked(payload)];
    case 'Stop':
      return [finished(payload)];
    case 'StopFailure':
      return [failed(payload)];
    case 'Interrupt':
      return [{ kind: 'interrupted' }];
    default:
      return [];
  }
}

function readOrigin(payload: Payload): Origin {
  const session = text(payload['session_id']);
  const turn = text(payload['turn_id']);
  return { ...(session !== undefined && { session }), ...(turn !== undefined && { turn }) };
}

function isFromSubagent(payload: Payload): boolean {
  return payload['agent_id'] !== undefined && payload['agent_id'] !== null;
}

// Only the first conversation of a process starts with it; any other one is gone into, by a person.
function started(payload: Payload): AgentEvent {
  const transcript = text(payload['transcript_path']);
  const source = text(payload['source']);
  return {
    kind: 'started',
    ...(transcript !== undefined && { transcript }),
    ...(source !== undefined && source !== 'startup' && { anew: true }),
  };
}

// An agent that takes a second prompt does not start again: whoever reads from here on learns all the same where it is.
function knownStart(payload: Payload): AgentEvent[] {
  const transcript = text(payload['transcript_path']);
  return transcript === undefined ? [] : [{ kind: 'started', transcript }];
}

function readAsk(payload: Payload, kind: 'permission' | 'question') {
  const id = text(payload['ask_id']);
  return id === undefined ? {} : { ask: { id, kind } };
}

function unblocked(payload: Payload): AgentEvent {
  const askId = text(payload['ask_id']);
  return { kind: 'unblocked', ...(askId !== undefined && { askId }) };
}

function finished(payload: Payload): AgentEvent {
  const message = text(payload['last_assistant_message']);
  const tasks = Array.isArray(payload['background_tasks'])
    ? (payload['background_tasks'] as { status?: unknown }[])
    : [];
  const background = tasks.filter((task) => task.status === 'running').length;
  return {
    kind: 'finished',
    background,
    ...(message !== undefined && { message }),
    ...readUsage(payload['usage']),
  };
}

function failed(payload: Payload): AgentEvent {
  const message = text(payload['last_assistant_message']) ?? text(payload['message']) ?? '';
  return { kind: 'failed', reason: text(payload['error']) ?? 'unknown', message };
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

function describeTool(payload: Payload): string {
  const name = text(payload['tool_name']) ?? 'a tool';
  const input = payload['tool_input'];
  if (typeof input !== 'object' || input === null) return name;
  const { command, file_path: file } = input as Record<string, unknown>;
  const detail = text(command) ?? text(file);
  return detail === undefined ? name : `${name}: ${detail.split('\n', 1)[0]!.slice(0, 80)}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
