import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../failure';
import { readIfThere, writeWhole } from '../files/whole-file';
import { fileName, type Host } from '../host';
import { branchRef, demandCommit, resolveCommit } from './names';
import { isMirror } from './repository';
import { listWorktrees } from './worktrees';

/** A branch that work is merged into: of the repository itself, or of the one a mirror was cloned from. */
export interface TargetBranch {
  tip(): Promise<string>;
  /** Move it from one commit to another, and whoever has it checked out with it. Fails: Git.BaseMoved, Git.Failed. */
  move(from: string, to: string, reason: string): Promise<void>;
  /** May commits be taken away again? Not where others may have fetched them. */
  readonly canRewind: boolean;
}

export async function openTarget(host: Host, repository: string, branch: string): Promise<TargetBranch> {
  const ref = await branchRef(host.git, repository, branch);
  if (isMirror(host, repository)) return remoteBranch(host, repository, branch, ref);
  await finishRefreshes(host, repository, ref);
  return localBranch(host, repository, branch, ref);
}

function remoteBranch(host: Host, repository: string, branch: string, ref: string): TargetBranch {
  return {
    canRewind: false,
    tip: async () => {
      await host.git(repository, ['fetch', '--quiet', 'origin', `+${ref}:refs/remotes/origin/${branch}`]);
      return demandCommit(host.git, repository, `refs/remotes/origin/${branch}`);
    },
    move: async (from, to) => {
      const lease = `--force-with-lease=${ref}:${from}`;
      const { code, stderr } = await host.git.attempt(repository, ['push', '--quiet', lease, 'origin', `${to}:${ref}`]);
      if (code === 0) return;
      if (/stale info|fetch first|non-fast-forward/.test(stderr)) throw moved(branch);
      throw failure('Git.Failed', host.redactor.redact(`Pushing ${branch} failed: ${stderr.trim().slice(-1_000)}`));
    },
  };
}

function localBranch(host: Host, repository: string, branch: string, ref: string): TargetBranch {
  return {
    canRewind: true,
    tip: () => demandCommit(host.git, repository, ref),
    move: async (from, to, reason) => {
      const checkouts = (await listWorktrees(host.git, repository)).filter((worktree) => worktree.branch === ref);
      for (const { path } of checkouts) await refuseDirty(host, path, branch, from, to);
      for (const { path } of checkouts) await announceRefresh(host, { repository, ref, path, from, to });
      const args = ['update-ref', '-m', `gantry: ${reason.split('\n')[0]}`, ref, to, from];
      const { code, stderr } = await host.git.attempt(repository, args);
      if (code === 0) return finishRefreshes(host, repository, ref);
      await finishRefreshes(host, repository, ref);
      throw (await resolveCommit(host.git, repository, ref)) === from
        ? failure('Git.Failed', stderr.trim())
        : moved(branch);
    },
  };
}

function moved(branch: string): Error {
  return failure('Git.BaseMoved', `${branch} moved while this was merged into it. It can be tried again.`);
}

/** A checkout moves with its branch only where nothing of a person's is in the way. */
async function refuseDirty(host: Host, path: string, branch: string, from: string, to: string): Promise<void> {
  const status = await host.git(path, ['status', '--porcelain', '--untracked-files=no', '--ignore-submodules=dirty']);
  const dry = status === '' ? await host.git.attempt(path, ['read-tree', '-n', '-m', '-u', from, to]) : undefined;
  if (dry?.code === 0) return;
  const why = dry === undefined ? 'with uncommitted changes' : `and files there are in the way: ${dry.stderr.trim()}`;
  const hint = 'Commit, stash or move them there and retry, or check out another branch.';
  throw failure('Git.Failed', `${branch} is checked out in ${path} ${why}. ${hint}`);
}

// A branch and its checkout can not be moved in one step. What is about to be is written down first, so that a killed
// worker's half is completed by the next one: left alone, the checkout would seem to hold the reverse change.
interface Refresh {
  readonly repository: string;
  readonly ref: string;
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

async function announceRefresh(host: Host, refresh: Refresh): Promise<void> {
  await mkdir(host.paths.refreshes, { recursive: true });
  await writeWhole(recordOf(host, refresh), JSON.stringify(refresh));
}

async function finishRefreshes(host: Host, repository: string, ref: string): Promise<void> {
  const checkouts = (await listWorktrees(host.git, repository)).filter((worktree) => worktree.branch === ref);
  for (const { path } of checkouts) {
    const record = recordOf(host, { repository, ref, path });
    const text = await readIfThere(record);
    if (text === undefined) continue;
    await refreshCheckout(host, JSON.parse(text) as Refresh);
    await rm(record, { force: true });
  }
}

async function refreshCheckout(host: Host, { path, ref, from, to }: Refresh): Promise<void> {
  if ((await resolveCommit(host.git, path, ref)) !== to) return; // it never moved, or somebody moved it on
  await host.git.attempt(path, ['update-index', '-q', '--refresh']);
  const staged = await host.git.attempt(path, ['diff-index', '--cached', '--quiet', from, '--']);
  if (staged.code === 0) await host.git(path, ['read-tree', '-m', '-u', from, to]);
}

function recordOf(host: Host, { repository, ref, path }: Pick<Refresh, 'repository' | 'ref' | 'path'>): string {
  return join(host.paths.refreshes, fileName(`${repository}\n${ref}\n${path}`));
}
