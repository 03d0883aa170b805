import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { failure } from '../../failure';

// The worktree belongs to the agent: nothing that it configured may run in the engine's name.
const PLAIN = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '--no-optional-locks'];

export interface GitFacts {
  readonly head: string;
  /** Commits since the dispatch began. */
  readonly commits: number;
  /** What is not committed, one line each as `git status --porcelain` prints it. */
  readonly uncommitted: readonly string[];
}

/** The commit a worktree is at; empty where there is none, or no repository. */
export async function headCommit(cwd: string): Promise<string> {
  return (await git(cwd, ['rev-parse', '--verify', '--quiet', 'HEAD']).catch(() => '')).trim();
}

/** What an agent did to a worktree since it was at `start`. Fails: Git.Failed. */
export async function gitFacts(cwd: string, start: string): Promise<GitFacts> {
  const head = await headCommit(cwd);
  if (head === '') return { head, commits: 0, uncommitted: [] };
  const range = start === '' ? head : `${start}..${head}`;
  const count = await git(cwd, ['rev-list', '--count', range, '--']);
  const status = await git(cwd, ['status', '--porcelain', '--untracked-files=all']);
  return { head, commits: Number(count), uncommitted: status.split('\n').filter((line) => line !== '') };
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  try {
    const run = promisify(execFile);
    return (await run('git', [...PLAIN, ...args], { cwd, maxBuffer: 64 << 20, timeout: 60_000 })).stdout;
  } catch (error) {
    const why = (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
    throw failure('Git.Failed', `git ${args[0]} in ${cwd} failed: ${why}`);
  }
}
