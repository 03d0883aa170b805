import { join } from 'node:path';
import type { ClaudeAgentConfig } from '../../../contracts/schemas/agents';
import { parseObject } from '../line-tail';
import { quote } from '../tmux/launch-script';
import type { AgentKind, AgentStatus, Environment, Launch, StartContext } from './agent-kind';
import { CLAUDE_TERMINAL } from './claude-screen';
import { readClaudeStream } from './claude-stream';
import { readClaudeTranscript } from './claude-transcript';
import { classifyFailure } from './classify-failure';
import { readHookEvent } from './hook-events';
import { askScript, hookScript } from './hook-scripts';

const EVENTS = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'PermissionRequest',
  'Stop',
  'StopFailure',
] as const;
const HOOK_SECONDS = 10;

/**
 * Claude Code. In a terminal it reports by hooks; without one it takes the prompt on standard input, and writes one
 * JSON object a line. Its own settings, and those of the project, stay as they are.
 */
export function claudeAgent(config: ClaudeAgentConfig): AgentKind {
  return {
    name: 'claude',
    backends: config.backend === 'tmux' ? ['tmux', 'headless'] : ['headless', 'tmux'],
    resumes: true,
    terminal: CLAUDE_TERMINAL,
    passes: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'ANTHROPIC_BASE_URL',
      'CLAUDE_CODE_OAUTH_TOKEN',
      'CLAUDE_CONFIG_DIR',
    ],
    start: (context) => startClaude(config, context),
    readJournal: readHookEvent,
    readOutput: readClaudeStream,
    readTranscript: readClaudeTranscript,
    statusFile,
    readStatus,
    // A result came while something ran in the background; it waited for that, or gave it up, and has no more to say.
    atExit: (exitCode, { usage }) =>
      exitCode === 0 && usage !== undefined ? { kind: 'finished', background: 0 } : undefined,
    classifyFailure,
  };
}

function startClaude(config: ClaudeAgentConfig, context: StartContext): Launch {
  const { backend, dir, resume, conversationId } = context;
  const model = context.model ?? config.model;
  const asks = config.permissions === 'ask';
  return {
    argv: [
      ...config.command,
      ...(backend === 'headless' ? ['-p', '--output-format', 'stream-json', '--verbose'] : []),
      // Its own default asks a server what is safe.
      ...['--permission-mode', asks ? 'default' : 'bypassPermissions'],
      // Its questions are menus, which nobody can answer from elsewhere.
      ...['--disallowedTools', 'AskUserQuestion'],
      ...['--settings', join(dir, 'claude-settings.json')],
      ...(resume === undefined ? ['--session-id', conversationId] : ['--resume', resume]),
      ...(model === undefined ? [] : ['--model', model]),
    ],
    env: {
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      // The engine owns the retries: its own would take three minutes to report a rate limit.
      CLAUDE_CODE_MAX_RETRIES: '2',
      // A worktree is gantry's own: it need not be one that a person has trusted.
      CLAUDE_CODE_SANDBOXED: '1',
      // It refuses to bypass permissions as root unless told that this is meant.
      ...(process.getuid?.() === 0 && { IS_SANDBOX: '1' }),
    },
    files: settingsFiles(config, context),
    conversation: resume ?? conversationId,
  };
}

function settingsFiles(config: ClaudeAgentConfig, context: StartContext): Launch['files'] {
  const { backend, dir, eventsPath, answersDir } = context;
  const limitMs = config['answer-ms'];
  const asks = config.permissions === 'ask';
  // What is printed tells all the rest where there is no terminal: told twice, a prompt would count for two.
  const events = backend === 'tmux' ? EVENTS : asks ? (['PermissionRequest'] as const) : [];
  const hooks = events.map((event) => {
    const isQuestion = asks && event === 'PermissionRequest';
    const script = isQuestion ? 'ask.sh' : 'hook.sh';
    const timeout = isQuestion ? Math.ceil(limitMs / 1000) + HOOK_SECONDS : HOOK_SECONDS;
    const command = `exec ${quote(join(dir, script))}`;
    return [event, [{ hooks: [{ type: 'command', command, timeout }] }]] as const;
  });
  const settings = { skipDangerousModePermissionPrompt: true, hooks: Object.fromEntries(hooks) };
  return {
    'claude-settings.json': { content: JSON.stringify(settings, null, 2) },
    'hook.sh': { content: hookScript(eventsPath), executable: true },
    ...(asks && { 'ask.sh': { content: askScript({ eventsPath, answersDir, limitMs }), executable: true } }),
  };
}

function statusFile(pid: number, env: Environment): string | undefined {
  const home = env['HOME'];
  const config = env['CLAUDE_CONFIG_DIR'] ?? (home === undefined ? undefined : join(home, '.claude'));
  return config === undefined ? undefined : join(config, 'sessions', `${pid}.json`);
}

function readStatus(text: string): AgentStatus | undefined {
  switch (parseObject(text)?.['status']) {
    case 'idle':
      return 'idle';
    case 'waiting':
      return 'waiting';
    case 'busy':
    case 'shell':
      return 'busy';
    default:
      return undefined;
  }
}
