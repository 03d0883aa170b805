import type { Host } from '../host';
import { conflictFailure } from './conflict';
import { failure } from '../failure';
import { identity } from './git';
import { findByTrailer, withTrailer } from './merge-trailer';
import { demandCommit } from './names';
import { findRepository, withRepositoryLock } from './repository';
import { openTarget, type TargetBranch } from './target-branch';
import { withMergeCheckout } from './worktrees';

export interface Unmerge {
  readonly repository: string;
  readonly into: string;
  readonly mergeId: string;
}

/**
 * Take a merge out of a branch again: by putting the branch back where nobody has built on it, by a commit that
 * reverts it otherwise. Says in words what was done; does nothing where it never happened.
 */
export async function unmerge(host: Host, { repository: named, into, mergeId }: Unmerge): Promise<string> {
  const repository = await findRepository(host, named);
  if (repository === undefined) return `${named} is gone, and ${into} with it`;
  return withRepositoryLock(host, repository, async () => {
    const target = await openTarget(host, repository, into);
    const tip = await target.tip();
    const merge = await findByTrailer(host.git, repository, tip, 'Gantry-Merge', mergeId);
    if (merge === undefined) return `nothing of it is in ${into}`;
    const reverted = await findByTrailer(host.git, repository, tip, 'Gantry-Unmerge', mergeId, merge);
    if (reverted !== undefined) return `${into} was already reverted by ${reverted.slice(0, 10)}`;
    const before = await demandCommit(host.git, repository, `${merge}^1`);
    if (tip === merge && target.canRewind) {
      await target.move(merge, before, 'take a merge back');
      return `${into} is back at ${before.slice(0, 10)}`;
    }
    return revert(host, repository, target, { into, mergeId, merge, tip });
  });
}

async function revert(
  host: Host,
  repository: string,
  target: TargetBranch,
  { into, mergeId, merge, tip }: { into: string; mergeId: string; merge: string; tip: string },
): Promise<string> {
  const { git } = host;
  const after = await withMergeCheckout(host, repository, tip, async (path) => {
    const config = await identity(git, path);
    const { code, stdout, stderr } = await git.attempt(path, ['revert', '--no-commit', '-m', '1', merge], { config });
    if (code !== 0) {
      const conflict = await conflictFailure(host, path, `Taking ${merge.slice(0, 10)} out of ${into} again`);
      throw conflict ?? failure('Git.Failed', `git revert failed: ${(stderr || stdout).trim()}`);
    }
    const subject = await git(path, ['show', '--no-patch', '--format=%s', merge]);
    const text = withTrailer(`Revert "${subject}"\n\nThis reverts commit ${merge}.`, 'Gantry-Unmerge', mergeId);
    await git(path, ['commit', '--quiet', '--allow-empty', '--no-verify', '-m', text], { config });
    return demandCommit(git, path, 'HEAD');
  });
  await target.move(tip, after, 'revert a merge');
  return `${into} has moved on; ${after.slice(0, 10)} reverts the merge`;
}
