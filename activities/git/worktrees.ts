import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failure } from '../failure';
import type { Host } from '../host';
import type { Git } from './git';

export interface Worktree {
  readonly path: string;
  /** The full ref; absent when it is detached. */
  readonly branch?: string;
  readonly isBare: boolean;
}

/** All worktrees of a repository, its main one first. */
export async function listWorktrees(git: Git, repository: string): Promise<Worktree[]> {
  const text = await git(repository, ['worktree', 'list', '--porcelain']);
  return text.split('\n\n').flatMap((block) => {
    const fields = new Map(block.split('\n').map((line) => splitOnce(line)));
    const path = fields.get('worktree');
    const branch = fields.get('branch');
    return path === undefined ? [] : [{ path, isBare: fields.has('bare'), ...(branch !== undefined && { branch }) }];
  });
}

function splitOnce(line: string): [string, string] {
  const space = line.indexOf(' ');
  return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
}

/** Can git work in it? False for one that was only half made, or whose directory or records are gone. */
export async function isUsable(git: Git, path: string): Promise<boolean> {
  return (await headOf(git, path)) !== undefined;
}

/** The commit a worktree is at. Fails, where an agent or a person has taken it apart: Git.Failed. */
export async function demandHead(git: Git, path: string): Promise<string> {
  const head = await headOf(git, path);
  if (head !== undefined) return head;
  throw failure('Git.Failed', `${path} is no worktree any more, and git can not read its commits there.`);
}

/** Git would also answer for a repository that the directory happens to be in. */
async function headOf(git: Git, path: string): Promise<string | undefined> {
  const { code, stdout } = await git
    .attempt(path, ['rev-parse', '--show-toplevel', '--verify', 'HEAD'])
    .catch(() => ({ code: 1, stdout: '' }));
  const [top, head] = stdout.split('\n');
  return code === 0 && top === path ? head : undefined;
}

export async function addWorktree(git: Git, repository: string, path: string, branch: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await git(repository, ['worktree', 'add', '--quiet', '--', path, branch]);
}

/** Remove a worktree with its directory and git's record of it, whatever is left of either. */
export async function dropWorktree(git: Git, repository: string, path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  const known = (await listWorktrees(git, repository)).some((worktree) => worktree.path === path);
  // Forced twice: one that was killed while it was made is still locked.
  if (known) await git(repository, ['worktree', 'remove', '--force', '--force', '--', path]);
}

/** A worktree of its own at a commit, for as long as `work` takes. Under the repository's lock. */
export async function withMergeCheckout<T>(
  host: Host,
  repository: string,
  commit: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  await sweepMergeCheckouts(host, repository);
  const path = join(host.paths.scratch, `merge-${randomUUID()}`);
  try {
    await addCheckout(host.git, repository, path, commit);
    return await work(path);
  } finally {
    await dropWorktree(host.git, repository, path);
  }
}

/** A worktree on no branch, or the one that is there. */
export async function addCheckout(git: Git, repository: string, path: string, commit: string): Promise<void> {
  if (await isUsable(git, path)) return;
  await dropWorktree(git, repository, path);
  await mkdir(dirname(path), { recursive: true });
  await git(repository, ['worktree', 'add', '--quiet', '--detach', '--', path, commit]);
}

// Merges happen under the repository's lock: any other checkout for one was left behind by a killed worker.
async function sweepMergeCheckouts(host: Host, repository: string): Promise<void> {
  for (const { path } of await listWorktrees(host.git, repository)) {
    const isOurs = dirname(path) === host.paths.scratch && basename(path).startsWith('merge-');
    if (isOurs) await dropWorktree(host.git, repository, path);
  }
}
