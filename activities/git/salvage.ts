import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { salvageRef } from '../../contracts/ids';
import { fileName, type Host } from '../host';
import { identity } from './git';
import { isAncestor, resolveCommit } from './names';
import { isUsable } from './worktrees';

// Nothing an agent or a person did is lost with a worktree: what no other ref holds gets one of its own, and what git
// can not hold stays on the disk.

export interface Salvage {
  readonly runId: string;
  readonly label: string;
  /** A commit that is safe somewhere else. */
  readonly held?: string;
}

/**
 * Keep what the worktree at `path` holds and no ref does: uncommitted and new files, and commits of a detached HEAD.
 * Answers where: a ref, a directory, or nothing.
 */
export async function salvageWorktree(
  host: Host,
  repository: string,
  path: string,
  salvage: Salvage,
): Promise<string | undefined> {
  if (!(await isUsable(host.git, path))) return moveAside(host, path, salvage.runId);
  if (await isClean(host, path)) return salvageHead(host, repository, path, salvage);
  const kept = await commitEverything(host, path);
  const ref = kept.commit && (await keep(host, repository, kept.commit, salvage));
  if (kept.isWhole) return ref;
  return (await moveAside(host, path, salvage.runId)) ?? ref;
}

/**
 * Keep uncommitted and new files under a ref and leave the worktree as it is, for somebody who goes on in it. What git
 * can not hold stays in the worktree alone.
 */
export async function salvageChanges(
  host: Host,
  repository: string,
  path: string,
  salvage: Salvage,
): Promise<string | undefined> {
  if (await isClean(host, path)) return undefined;
  const { commit } = await commitEverything(host, path);
  return commit && keep(host, repository, commit, salvage);
}

async function isClean(host: Host, path: string): Promise<boolean> {
  const status = ['status', '--porcelain', '--untracked-files=all', '--ignore-submodules=none'];
  return (await host.git(path, status)) === '';
}

/** Keep a commit under a salvage ref, unless one of this run and label holds it already. */
export async function keep(host: Host, repository: string, commit: string, salvage: Salvage): Promise<string> {
  const { git } = host;
  const base = salvageRef(salvage.runId, salvage.label);
  for (let number = 1; ; number += 1) {
    const ref = number === 1 ? base : `${base}-${number}`;
    const there = await resolveCommit(git, repository, ref);
    if (there === undefined) {
      await git(repository, ['update-ref', '-m', 'gantry: salvage', ref, commit, '']);
      return ref;
    }
    if (await isAncestor(git, repository, commit, there)) return ref;
    if ((await contentOf(host, repository, there)) === (await contentOf(host, repository, commit))) return ref;
  }
}

/** What a salvage commit holds, apart from when it was made: a second try makes another commit of the same. */
async function contentOf(host: Host, repository: string, commit: string): Promise<string> {
  const words = await host.git(repository, ['show', '--no-patch', '--format=%T %P', commit]);
  return words.split(' ').slice(0, 2).join(' ');
}

async function salvageHead(
  host: Host,
  repository: string,
  path: string,
  salvage: Salvage,
): Promise<string | undefined> {
  const head = await resolveCommit(host.git, path, 'HEAD');
  if (head === undefined) return undefined;
  const held = salvage.held === undefined ? [] : [salvage.held];
  const unreachable = await host.git(repository, ['rev-list', '--count', head, '--not', '--glob=refs/*', ...held]);
  return unreachable === '0' ? undefined : keep(host, repository, head, salvage);
}

/** Everything that is tracked, staged or new, as a commit on HEAD. The worktree's own index stays as it is. */
async function commitEverything(host: Host, path: string): Promise<{ commit?: string; isWhole: boolean }> {
  const { git } = host;
  await mkdir(host.paths.scratch, { recursive: true });
  const index = join(host.paths.scratch, fileName(`index ${path}`));
  const env = { GIT_INDEX_FILE: index };
  try {
    await copyFile(resolve(path, await git(path, ['rev-parse', '--git-path', 'index'])), index);
    const staged = await git.attempt(path, ['write-tree']);
    const added = await git.attempt(path, ['add', '--all', '--', '.'], { env });
    const tree = await git(path, ['write-tree'], { env });
    const parents = ['HEAD', ...(await stagedOnly(host, path, staged, tree))];
    const commit = await commitTree(host, path, tree, parents);
    const entries = await git(path, ['ls-files', '--stage'], { env });
    // A repository inside the worktree becomes a link to nowhere in the commit.
    return { commit, isWhole: added.code === 0 && !/^160000 /m.test(entries) };
  } catch (error) {
    host.log.warn('work in a worktree could not be committed and stays on the disk', { path, error });
    return { isWhole: false };
  } finally {
    await rm(index, { force: true });
  }
}

/** What was staged and then changed or removed again is in neither HEAD nor the files: it gets a commit too. */
async function stagedOnly(
  host: Host,
  path: string,
  staged: { readonly code: number; readonly stdout: string },
  tree: string,
): Promise<string[]> {
  const stagedTree = staged.stdout.trim();
  if (staged.code !== 0) return []; // in the middle of a merge
  const headTree = await host.git(path, ['rev-parse', 'HEAD^{tree}']);
  if (stagedTree === tree || stagedTree === headTree) return [];
  return [await commitTree(host, path, stagedTree, ['HEAD'])];
}

async function commitTree(host: Host, path: string, tree: string, parents: readonly string[]): Promise<string> {
  const config = await identity(host.git, path);
  const from = parents.flatMap((parent) => ['-p', parent]);
  return host.git(path, ['commit-tree', tree, ...from, '-m', 'Work that was not committed'], { config });
}

/** Out of the way, but still there. */
export async function moveAside(host: Host, path: string, runId: string): Promise<string | undefined> {
  const place = join(host.paths.rescued(runId), randomUUID().slice(0, 8));
  await mkdir(host.paths.rescued(runId), { recursive: true });
  return rename(path, place).then(
    () => place,
    () => undefined, // it is not there
  );
}
