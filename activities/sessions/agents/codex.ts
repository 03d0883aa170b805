import { join } from 'node:path';
import type { CodexAgentConfig } from '../../../contracts/schemas/agents';
import { quote } from '../tmux/launch-script';
import type { AgentKind, JournalEvent, Launch, StartContext } from './agent-kind';
import { classifyFailure } from './classify-failure';
import { readRollout } from './codex-rollout';
import { CODEX_TERMINAL } from './codex-screen';
import { readCodexStream } from './codex-stream';
import { readHookEvent } from './hook-events';
import { askScript, hookScript } from './hook-scripts';

const EVENTS = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PostToolUse',
  'PermissionRequest',
  'Stop',
  'Interrupt',
] as const;
const HOOK_SECONDS = 10;

// Not given its key under the other name here: that would overrule, and bill beside, a login with a subscription.
const LOG_IN =
  'Run `codex login` on this host, or give the worker CODEX_API_KEY: Codex does not take OPENAI_API_KEY by itself.';

/**
 * Codex CLI. In a terminal it reports by hooks, and its failures by the file in which it logs the thread; without one
 * it takes the prompt on standard input, and writes one JSON object a line. Its own configuration stays as it is.
 */
export function codexAgent(config: CodexAgentConfig): AgentKind {
  const asks = config.permissions === 'ask';
  const other = config.backend === 'tmux' ? 'headless' : 'tmux';
  return {
    name: 'codex',
    backends: asks ? ['tmux'] : [config.backend, other], // without a terminal it asks for nothing
    resumes: true,
    terminal: CODEX_TERMINAL,
    passes: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'CODEX_HOME'],
    start: (context) => (context.backend === 'tmux' ? startTerminal(config, context) : startExec(config, context)),
    readJournal: readCodexHook,
    readOutput: readCodexStream,
    readTranscript: readRollout,
    classifyFailure: (failure, now) => {
      const found = classifyFailure(failure, now);
      return found.type === 'Provider.Auth' ? { ...found, advice: LOG_IN } : found;
    },
  };
}

function startTerminal(config: CodexAgentConfig, context: StartContext): Launch {
  const { dir, cwd, resume, eventsPath, answersDir } = context;
  const asks = config.permissions === 'ask';
  const limitMs = config['answer-ms'];
  return {
    argv: [
      ...config.command,
      ...(resume === undefined ? [] : ['resume', resume]),
      '--no-daemon', // it would live on without us, and its memory with it
      '--no-alt-screen',
      ...(asks ? ['-a', 'on-request', '-s', 'workspace-write'] : ['-a', 'never', '-s', 'danger-full-access']),
      ...setting('check_for_update_on_startup', false),
      // A worktree is gantry's own: it need not be one that a person has trusted.
      ...setting('projects', { [cwd]: { trust_level: 'trusted' } }),
      '--dangerously-bypass-hook-trust',
      ...EVENTS.flatMap((event) => setting(`hooks.${event}`, [{ hooks: [hook(event, { dir, asks, limitMs })] }])),
      ...modelOption(config, context),
    ],
    env: {},
    files: {
      'hook.sh': { content: hookScript(eventsPath), executable: true },
      ...(asks && { 'ask.sh': { content: askScript({ eventsPath, answersDir, limitMs }), executable: true } }),
    },
    ...(resume !== undefined && { conversation: resume }),
  };
}

function startExec(config: CodexAgentConfig, context: StartContext): Launch {
  const { resume } = context;
  const options = ['--json', '--sandbox', 'danger-full-access', '--skip-git-repo-check'];
  return {
    argv: [
      ...config.command,
      'exec',
      ...options,
      ...modelOption(config, context),
      ...(resume === undefined ? [] : ['resume', resume]),
      '-',
    ],
    env: {},
    files: {},
    ...(resume !== undefined && { conversation: resume }),
  };
}

function modelOption(config: CodexAgentConfig, context: StartContext): string[] {
  const model = context.model ?? config.model;
  return model === undefined ? [] : ['-m', model];
}

function hook(event: string, { dir, asks, limitMs }: { dir: string; asks: boolean; limitMs: number }) {
  const isQuestion = asks && event === 'PermissionRequest';
  const timeout = isQuestion ? Math.ceil(limitMs / 1000) + HOOK_SECONDS : HOOK_SECONDS;
  return { type: 'command', command: `exec ${quote(join(dir, isQuestion ? 'ask.sh' : 'hook.sh'))}`, timeout };
}

/** `-c name=<TOML>`. A table is written whole: a path in a dotted name is cut at its dots. */
function setting(name: string, value: unknown): string[] {
  return ['-c', `${name}=${toToml(value)}`];
}

function toToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toToml).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}=${toToml(inner)}`);
  return `{${pairs.join(',')}}`;
}

// Its Stop is not the end where the log tells that: what the turn has cost, and whether it failed, comes later.
function readCodexHook(line: string): readonly JournalEvent[] {
  const isLogged = /"transcript_path": ?"/.test(line);
  return readHookEvent(line).flatMap((event) => {
    if (event.kind !== 'finished' || !isLogged) return [event];
    const { kind: _, message, background: __, usage: ___, ...origin } = event;
    return message === undefined ? [] : [{ ...origin, kind: 'said', message }];
  });
}
