import { execFile } from 'node:child_process';
import { failure } from '../failure';
import type { Redactor } from '../secrets/redactor';

export interface GitOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of this one command, `name=value`. */
  readonly config?: readonly string[];
  /** End it after so many milliseconds: the network may never answer. Its exit code is {@link TIMED_OUT} then. */
  readonly timeoutMs?: number;
}

/** The exit code of a command that took too long, as of `timeout` in a shell. */
export const TIMED_OUT = 124;

export interface GitOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Git by its program: arguments as a list, never a shell; no hooks, no prompts, no editor. */
export interface Git {
  /** What it printed, without the last line end. Fails: Git.Failed. */
  (cwd: string, args: readonly string[], options?: GitOptions): Promise<string>;
  /** The same where an exit code other than 0 is an answer too. */
  attempt(cwd: string, args: readonly string[], options?: GitOptions): Promise<GitOutcome>;
}

// Our own merges and checkouts must not run a program a repository brings with it, ask somebody, or wait for a key.
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'commit.gpgSign=false',
  'protocol.ext.allow=never',
  'advice.detachedHead=false',
  'gc.auto=0',
  'merge.conflictStyle=diff3',
  // A connection that stands still is given up.
  'http.lowSpeedLimit=100',
  'http.lowSpeedTime=60',
];

const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
const MESSAGE_LIMIT = 2_000;

/** `environment` is what git starts from; the identity is used where the machine has none. */
export function createGit(environment: Readonly<Record<string, string>>, redactor: Redactor): Git {
  const attempt = async (cwd: string, args: readonly string[], options: GitOptions = {}): Promise<GitOutcome> => {
    const settings = [...SETTINGS, ...(options.config ?? [])].flatMap((setting) => ['-c', setting]);
    const env = { ...environment, ...QUIET, ...sshWithoutQuestions(environment), ...options.env };
    return run(['-C', cwd, ...settings, ...args], env, options);
  };
  const git = async (cwd: string, args: readonly string[], options?: GitOptions): Promise<string> => {
    const { code, stdout, stderr } = await attempt(cwd, args, options);
    if (code === 0) return stdout.replace(/\n$/, '');
    const words = redactor.redact(withoutPasswords((stderr.trim() || stdout.trim()).slice(-MESSAGE_LIMIT)));
    throw failure('Git.Failed', `git ${args[0]} in ${cwd} ended with ${code}: ${words}`);
  };
  return Object.assign(git, { attempt });
}

/** Addresses in a text, without who they log in as. */
export function withoutPasswords(text: string): string {
  return text.replace(/\b([a-z][a-z+.-]*:\/\/)[^\s/'"]*@/gi, '$1');
}

const QUIET = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '/bin/false',
  SSH_ASKPASS: '/bin/false',
  GIT_EDITOR: ':',
  GIT_MERGE_AUTOEDIT: 'no',
  LC_ALL: 'C',
};

const SSH = 'ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15';

function sshWithoutQuestions(environment: Readonly<Record<string, string>>): Record<string, string> {
  return environment.GIT_SSH_COMMAND === undefined ? { GIT_SSH_COMMAND: SSH } : {};
}

function run(
  args: readonly string[],
  env: Record<string, string>,
  { input, timeoutMs = 0 }: GitOptions,
): Promise<GitOutcome> {
  return new Promise((resolve, reject) => {
    const options = { env, encoding: 'utf8', maxBuffer: OUTPUT_LIMIT_BYTES, timeout: timeoutMs } as const;
    const child = execFile('git', args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (error.killed && typeof error.code !== 'string') resolve(tookTooLong(timeoutMs, stdout, stderr));
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(failure('Git.Failed', `git could not be run: ${error.message.slice(0, MESSAGE_LIMIT)}`));
    });
    child.stdin?.on('error', () => undefined); // it ended without reading; its exit code says why
    child.stdin?.end(input ?? '');
  });
}

function tookTooLong(timeoutMs: number, stdout: string, stderr: string): GitOutcome {
  return { code: TIMED_OUT, stdout, stderr: `${stderr}\nno end after ${timeoutMs / 1_000} seconds` };
}

const FALLBACK_IDENTITY = ['user.name=gantry', 'user.email=gantry@localhost'];

/** Settings that name an author where the person of this machine never told git who they are. */
export async function identity(git: Git, cwd: string): Promise<readonly string[]> {
  const { stdout } = await git.attempt(cwd, ['config', '--get', 'user.email']);
  return stdout.trim() === '' ? FALLBACK_IDENTITY : [];
}
