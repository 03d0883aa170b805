import type { AgentConfig } from '../../../contracts/schemas/agents';
import { parseObject } from '../line-tail';
import type { AgentEvent, Usage } from '../turn-state';
import type { AgentKind } from './agent-kind';
import { classifyFailure } from './classify-failure';

/** Claude Code, without a terminal: the prompt on standard input, one JSON object a line on standard output. */
export function claudeAgent(config: AgentConfig & { kind: 'claude' }): AgentKind {
  return {
    name: 'claude',
    backends: ['headless'],
    resumes: false,
    passes: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'ANTHROPIC_BASE_URL',
      'CLAUDE_CODE_OAUTH_TOKEN',
      'CLAUDE_CONFIG_DIR',
    ],
    start: ({ model, conversationId }) => {
      const wanted = model ?? config.model;
      return {
        argv: [
          ...config.command,
          ...['-p', '--output-format', 'stream-json', '--verbose'],
          // The default mode asks a server for permission, and nobody is there to answer a question.
          ...['--permission-mode', 'bypassPermissions', '--disallowedTools', 'AskUserQuestion'],
          ...['--session-id', conversationId],
          ...(wanted === undefined ? [] : ['--model', wanted]),
        ],
        env: {
          DISABLE_AUTOUPDATER: '1',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          DISABLE_TELEMETRY: '1',
          DISABLE_ERROR_REPORTING: '1',
          // The engine owns the retries: its own would take three minutes to report a rate limit.
          CLAUDE_CODE_MAX_RETRIES: '2',
          // It refuses to bypass permissions as root unless told that this is meant.
          ...(process.getuid?.() === 0 && { IS_SANDBOX: '1' }),
        },
        files: {},
        conversation: conversationId,
      };
    },
    readJournal: () => [],
    readOutput: readStreamLine,
    // A result came while something ran in the background; it waited for that, or gave it up, and has no more to say.
    atExit: (exitCode, { usage }) =>
      exitCode === 0 && usage !== undefined ? { kind: 'finished', background: 0 } : undefined,
    classifyFailure,
  };
}

function readStreamLine(line: string): readonly AgentEvent[] {
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
