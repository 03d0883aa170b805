import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../failure';
import type { Redactor } from '../secrets/redactor';
import { runGit, type GitOutcome, type RunOptions } from './run-git';

export type { GitOutcome } from './run-git';

export interface GitOptions extends RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of this one command, `name=value`. */
  readonly config?: readonly string[];
}

/** Git by its program: arguments as a list, never a shell; no hooks, no prompts, no editor. */
export interface Git {
  /** What it printed, without the last line end. Fails: Git.Failed. */
  (cwd: string, args: readonly string[], options?: GitOptions): Promise<string>;
  /** The same where an exit code other than 0 is an answer too. */
  attempt(cwd: string, args: readonly string[], options?: GitOptions): Promise<GitOutcome>;
}

/** In milliseconds. Left to itself git gives up after a tenth of a second for one ref and one second for all of them. */
export const PATIENCE_WITH_LOCKS = ['core.filesRefLockTimeout=10000', 'core.packedRefsTimeout=10000'];

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
  // Another home, or a person, may be at work in the same repository: their locks are waited for.
  ...PATIENCE_WITH_LOCKS,
  // A connection that stands still is given up.
  'http.lowSpeedLimit=100',
  'http.lowSpeedTime=60',
];

const MESSAGE_LIMIT = 2_000;

// Another home, a person or an agent that adds a worktree writes its records one by one, and git fails that reads them
// meanwhile, before it has done anything.
const HALF_WRITTEN = /failed to read \S*worktrees\/.+\/commondir|bad object worktrees\/.+\/HEAD/;
const LOOKS = 40;
const BETWEEN_LOOKS_MS = 50;

/** `environment` is what git starts from; the identity is used where the machine has none. */
export function createGit(environment: Readonly<Record<string, string>>, redactor: Redactor): Git {
  const attempt = async (cwd: string, args: readonly string[], options: GitOptions = {}): Promise<GitOutcome> => {
    const settings = [...SETTINGS, ...(options.config ?? [])].flatMap((setting) => ['-c', setting]);
    const env = { ...environment, ...QUIET, ...sshWithoutQuestions(environment), ...options.env };
    for (let number = 1; ; number += 1) {
      const outcome = await runGit(['-C', cwd, ...settings, ...args], env, options);
      if (outcome.code === 0 || !HALF_WRITTEN.test(outcome.stderr) || number === LOOKS) return outcome;
      await sleep(BETWEEN_LOOKS_MS);
    }
  };
  const git = async (cwd: string, args: readonly string[], options?: GitOptions): Promise<string> => {
    const { code, stdout, stderr } = await attempt(cwd, args, options);
    if (code === 0) return stdout.replace(/\n$/, '');
    const words = redactor.redact(withoutPasswords((stderr.trim() || stdout.trim()).slice(-MESSAGE_LIMIT)));
    throw failure('Git.Failed', `git ${args[0]} in ${cwd} ended with ${code}: ${words}`);
  };
  return Object.assign(git, { attempt });
}

// What stands before the host, also where a slash in a password that was not encoded makes git look for another one.
const LOGIN = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/]*@|[^\s/@:[]+:(?!\d+(?:[/\s'"]|$))\S*@)/gi;

/** Addresses in a text, without who they log in as. */
export function withoutPasswords(text: string): string {
  return text.replace(LOGIN, '$1');
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

const FALLBACK_IDENTITY = ['user.name=gantry', 'user.email=gantry@localhost'];

/** Settings that name an author where the person of this machine never told git who they are. */
export async function identity(git: Git, cwd: string): Promise<readonly string[]> {
  const { stdout } = await git.attempt(cwd, ['config', '--get', 'user.email']);
  return stdout.trim() === '' ? FALLBACK_IDENTITY : [];
}
