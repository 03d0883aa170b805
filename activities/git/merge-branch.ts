import type { MergeInput, MergeResult } from '../../contracts/activities';
import { failure, isErrorOf } from '../failure';
import type { Host } from '../host';
import { conflictFailure } from './conflict';
import { identity } from './git';
import { findByTrailer, listReverted, withTrailer } from './merge-trailer';
import { branchRef, countCommits, demandCommit, isAncestor } from './names';
import { withRepositoryLock } from './repository';
import { openTarget } from './target-branch';
import { withMergeCheckout } from './worktrees';

/** How often a branch that keeps moving is followed before somebody else decides. */
const FOLLOW_LIMIT = 5;

/** {@link WorkspaceActivities.mergeBranch} */
export async function mergeBranch(host: Host, input: MergeInput): Promise<MergeResult> {
  const { repository } = input.workspace;
  return withRepositoryLock(host, repository, async () => {
    for (let round = 1; ; round += 1) {
      try {
        return await mergeOnce(host, input);
      } catch (error) {
        if (round === FOLLOW_LIMIT || !isErrorOf(error, 'Git.BaseMoved')) throw error;
      }
    }
  });
}

async function mergeOnce(host: Host, { workspace, into, message, mergeId }: MergeInput): Promise<MergeResult> {
  const { repository, branch, baseCommit } = workspace;
  const { git } = host;
  const target = await openTarget(host, repository, into);
  const before = await target.tip();
  const landed = await findByTrailer(git, repository, before, 'Gantry-Merge', mergeId, baseCommit);
  if (landed !== undefined) return resultOf(host, repository, into, landed);

  const head = await demandCommit(git, repository, await branchRef(git, repository, branch));
  await refuseReverted(host, repository, { head, before, into, baseCommit });
  if (await isAncestor(git, repository, head, before)) return { into, before, after: before, commits: 0 };
  const after = await withMergeCheckout(host, repository, before, async (path) => {
    const text = withTrailer(message.trim() || `Merge ${branch}`, 'Gantry-Merge', mergeId);
    const config = await identity(git, path);
    const { code, stdout, stderr } = await git.attempt(path, ['merge', '--no-ff', '-m', text, head], { config });
    if (code === 0) return demandCommit(git, path, 'HEAD');
    throw (
      (await conflictFailure(host, path, `Merging ${branch} into ${into}`)) ??
      failure('Git.Failed', `git merge failed: ${(stderr || stdout).trim()}`)
    );
  });
  await target.move(before, after, message);
  return resultOf(host, repository, into, after);
}

/** Git takes what was merged for merged, also after it was reverted: to merge it again would leave it out unsaid. */
async function refuseReverted(
  host: Host,
  repository: string,
  { head, before, into, baseCommit }: { head: string; before: string; into: string; baseCommit: string },
): Promise<void> {
  for (const { revert, merge } of await listReverted(host.git, repository, baseCommit, before)) {
    if (!(await isAncestor(host.git, repository, `${merge}^2`, head))) continue;
    const hint = `Revert ${revert.slice(0, 10)} in ${into} first, and retry.`;
    throw failure('Git.Failed', `A part of this was merged into ${into} before and reverted since. ${hint}`);
  }
}

async function resultOf(host: Host, repository: string, into: string, merge: string): Promise<MergeResult> {
  const before = await demandCommit(host.git, repository, `${merge}^1`);
  return { into, before, after: merge, commits: await countCommits(host.git, repository, before, `${merge}^2`) };
}
