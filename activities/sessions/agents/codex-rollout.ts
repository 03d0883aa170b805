import { parseObject } from '../line-tail';
import type { AgentEvent } from '../turn-state';

type Payload = Readonly<Record<string, unknown>>;

/**
 * A line of the file in which Codex logs a thread. It alone says that a turn has failed: no hook does. A file that is
 * gone on with holds earlier turns too, so every event names its own.
 */
export function readRollout(line: string): readonly AgentEvent[] {
  const entry = parseObject(line);
  const payload = (entry?.['payload'] ?? {}) as Payload;
  const turn = payload['turn_id'];
  if (typeof turn !== 'string') return [];
  if (entry?.['type'] === 'token_usage_record') return readSpent(payload).map((event) => ({ ...event, turn }));
  if (entry?.['type'] !== 'event_msg') return [];
  return readTurn(payload).map((event) => ({ ...event, turn }));
}

function readTurn(payload: Payload): AgentEvent[] {
  switch (payload['type']) {
    case 'task_complete':
      return [readEnd(payload), { kind: 'logged' }];
    case 'turn_aborted':
      return [readAbort(payload['reason'])];
    default:
      return [];
  }
}

function readEnd({ error, last_agent_message: message }: Payload): AgentEvent {
  if (typeof error === 'object' && error !== null) {
    const { message: words, codex_error_info: info } = error as Payload;
    return { kind: 'failed', reason: describeInfo(info), message: typeof words === 'string' ? words : '' };
  }
  return { kind: 'finished', background: 0, ...(typeof message === 'string' && { message }) };
}

// A name, or an object of one name with what belongs to it: `{"http_connection_failed": {"http_status_code": 503}}`.
function describeInfo(info: unknown): string {
  if (typeof info === 'string') return info;
  return typeof info === 'object' && info !== null ? JSON.stringify(info) : 'turn failed';
}

function readAbort(reason: unknown): AgentEvent {
  if (reason === 'interrupted' || reason === 'replaced') return { kind: 'interrupted' };
  return { kind: 'failed', reason: `turn aborted: ${String(reason)}`, message: '' };
}

function readSpent({ response_id: request, usage }: Payload): AgentEvent[] {
  if (typeof request !== 'string' || typeof usage !== 'object' || usage === null) return [];
  const { input_tokens: input, output_tokens: output } = usage as Payload;
  return [
    {
      kind: 'spent',
      request,
      usage: {
        ...(typeof input === 'number' && { inputTokens: input }),
        ...(typeof output === 'number' && { outputTokens: output }),
      },
    },
  ];
}
