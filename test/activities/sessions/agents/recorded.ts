import { agentConfig } from '../../../../contracts/schemas/agents';
import type { AgentKind } from '../../../../activities/sessions/agents/agent-kind';
import { makeAgent } from '../../../../activities/sessions/agents/make-agent';

// Lines of Claude Code 2.1.329 and Codex 0.169.0, shortened.

export function agentOf(kind: 'claude' | 'codex', config: Readonly<Record<string, unknown>> = {}): AgentKind {
  return makeAgent(agentConfig.parse({ kind, ...config }));
}

const claudeSession = '11111111-1111-4111-8111-111111111111';
const claudeLog = `/home/a/.claude/projects/-w/${claudeSession}.jsonl`;

function claudeHook(name: string, payload: Readonly<Record<string, unknown>> = {}): string {
  const common = { session_id: claudeSession, transcript_path: claudeLog, cwd: '/w', prompt_id: 'afa466ff' };
  return JSON.stringify({ ...common, permission_mode: 'default', hook_event_name: name, ...payload });
}

const bash = (command: string) => ({
  tool_name: 'Bash',
  tool_input: { command, description: 'work', run_in_background: false },
  tool_use_id: 'toolu_0',
});

export const CLAUDE = {
  session: claudeSession,
  transcript: claudeLog,
  hooks: {
    SessionStart: claudeHook('SessionStart', { source: 'startup', model: 'claude-opus-5-5' }),
    'SessionStart resume': claudeHook('SessionStart', { source: 'resume', model: 'claude-opus-5-5' }),
    UserPromptSubmit: claudeHook('UserPromptSubmit', { prompt: 'Add a file.' }),
    PreToolUse: claudeHook('PreToolUse', { effort: { level: 'medium' }, ...bash('echo new > new.txt') }),
    PostToolUse: claudeHook('PostToolUse', {
      ...bash('echo new > new.txt'),
      tool_response: { stdout: '', stderr: '', interrupted: false },
      duration_ms: 123,
    }),
    PermissionRequest: claudeHook('PermissionRequest', {
      ask_id: '7-8',
      ...bash('touch allowed.txt'),
      permission_suggestions: [{ type: 'setMode', mode: 'acceptEdits', destination: 'session' }],
    }),
    PermissionAnswered: '{"hook_event_name":"PermissionAnswered","ask_id":"7-8"}',
    Stop: claudeHook('Stop', {
      stop_hook_active: false,
      last_assistant_message: 'I added new.txt.',
      background_tasks: [],
      session_crons: [],
    }),
    'Stop in between': claudeHook('Stop', {
      stop_hook_active: false,
      last_assistant_message: 'Wait for it.',
      background_tasks: [{ id: 'b1', type: 'shell', status: 'running' }],
    }),
    StopFailure: claudeHook('StopFailure', {
      error: 'authentication_failed',
      last_assistant_message: 'Invalid API key',
    }),
    SessionEnd: claudeHook('SessionEnd', { reason: 'other' }),
    Notification: claudeHook('Notification', { notification_type: 'permission_prompt' }),
  },
  log: {
    prompt: JSON.stringify({
      parentUuid: null,
      isSidechain: false,
      promptId: 'afa466ff',
      type: 'user',
      message: { role: 'user', content: 'Add a file.' },
      origin: { kind: 'human' },
      promptSource: 'typed',
      turnOrigin: 'human',
    }),
    toolResult: JSON.stringify({
      isSidechain: false,
      type: 'user',
      message: { role: 'user', content: [{ type: 'tool_result', content: '', tool_use_id: 'toolu_0' }] },
    }),
    answer: claudeAnswer('c542c467', 5, 1),
    moreOfIt: claudeAnswer('c542c467', 5, 7),
    nextAnswer: claudeAnswer('d653d578', 11, 7),
    ofSubagent: JSON.stringify({ ...(JSON.parse(claudeAnswer('e', 9, 9)) as object), isSidechain: true }),
    end: JSON.stringify({ isSidechain: false, type: 'system', subtype: 'turn_duration', durationMs: 488 }),
  },
} as const;

function claudeAnswer(requestRef: string, input: number, output: number): string {
  const usage = {
    input_tokens: input,
    cache_creation_input_tokens: 2,
    cache_read_input_tokens: 4,
    output_tokens: output,
  };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'text', text: 'ok' }], usage };
  return JSON.stringify({ isSidechain: false, message, apiBlockIndex: 0, requestRef, type: 'assistant' });
}

const codexSession = '01a1fca5-670e-7c73-a4e5-8d329c7d29ac';
const codexTurn = '01a1fca5-7168-7642-b8f5-2f240715637f';
const rollout = `/home/a/.codex/sessions/2026/11/21/rollout-2026-11-21T05-47-40-${codexSession}.jsonl`;

function codexHook(name: string, payload: Readonly<Record<string, unknown>> = {}): string {
  const common = { session_id: codexSession, turn_id: codexTurn, transcript_path: rollout, cwd: '/w' };
  const mode = { model: 'scripted', permission_mode: 'bypassPermissions' };
  return JSON.stringify({ ...common, hook_event_name: name, ...mode, ...payload });
}

function codexLog(type: string, payload: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ timestamp: '2026-11-21T05:47:43.369Z', ordinal: 1, type, payload });
}

export const CODEX = {
  session: codexSession,
  turn: codexTurn,
  transcript: rollout,
  hooks: {
    SessionStart: codexHook('SessionStart', { turn_id: undefined, source: 'startup' }),
    UserPromptSubmit: codexHook('UserPromptSubmit', { prompt: 'Add a file.' }),
    PreToolUse: codexHook('PreToolUse', { tool_name: 'Bash', tool_input: { command: 'echo new > new.txt' } }),
    PostToolUse: codexHook('PostToolUse', {
      tool_name: 'Bash',
      tool_input: { command: 'echo new > new.txt' },
      tool_response: '',
    }),
    PermissionRequest: codexHook('PermissionRequest', {
      ask_id: '7-8',
      tool_name: 'Bash',
      tool_input: { command: 'touch it', description: 'to work' },
    }),
    Stop: codexHook('Stop', { stop_hook_active: false, last_assistant_message: 'I added new.txt.' }),
    'Stop without a log': codexHook('Stop', { transcript_path: null, last_assistant_message: 'I added new.txt.' }),
    Interrupt: codexHook('Interrupt'),
  },
  log: {
    meta: codexLog('session_meta', { session_id: codexSession, id: codexSession, cwd: '/w', source: 'cli' }),
    start: codexLog('event_msg', { type: 'task_started', turn_id: codexTurn, started_at: 1_795_240_063 }),
    spent: codexLog('token_usage_record', {
      thread_id: codexSession,
      turn_id: codexTurn,
      response_id: 'resp_0',
      usage: { input_tokens: 11, cached_input_tokens: 0, output_tokens: 7, total_tokens: 18 },
      thread_token_usage: { input_tokens: 111, output_tokens: 17 },
    }),
    end: codexLog('event_msg', {
      type: 'task_complete',
      turn_id: codexTurn,
      last_agent_message: 'I added new.txt.',
      duration_ms: 273,
    }),
    failure: codexLog('event_msg', {
      type: 'task_complete',
      turn_id: codexTurn,
      last_agent_message: null,
      error: {
        message: 'exceeded retry limit, last status: 429 Too Many Requests',
        codex_error_info: { response_too_many_failed_attempts: { http_status_code: 429 } },
      },
    }),
    aborted: codexLog('event_msg', { type: 'turn_aborted', turn_id: codexTurn, reason: 'interrupted' }),
    earlierEnd: codexLog('event_msg', { type: 'task_complete', turn_id: 'earlier', last_agent_message: 'before' }),
  },
} as const;
