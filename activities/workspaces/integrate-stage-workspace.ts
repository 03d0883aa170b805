import type { IntegrateInput, IntegrateResult } from '../../contracts/activities';
import { failure } from '../failure';
import { conflictFailure } from '../git/conflict';
import { identity } from '../git/git';
import { branchRef, countCommits, demandCommit, isAncestor, resolveCommit } from '../git/names';
import { withRepositoryLock } from '../git/repository';
import type { Host } from '../host';
import { removeWorkspace } from './remove-workspace';
import { readNote, writeNote } from './workspace-record';

/** {@link WorkspaceActivities.integrateStageWorkspace} */
export async function integrateStageWorkspace(host: Host, input: IntegrateInput): Promise<IntegrateResult> {
  const { claim, workspace } = input;
  const result = await withRepositoryLock(host, workspace.repository, async () => {
    const before = await readNote(host, claim, 'integrated');
    if (before !== undefined) return before;
    const merged = await merge(host, input);
    // Written before the branch goes: a second try would not know any more what there was to merge.
    await writeNote(host, claim, 'integrated', merged);
    return merged;
  });
  const { salvage } = await removeWorkspace(host, { claim, keepUnmergedBranch: false });
  if (salvage !== undefined) host.log.warn('a stage left work uncommitted', { branch: claim.branch, salvage });
  return result;
}

async function merge(host: Host, { workspace, stageWorkspace }: IntegrateInput): Promise<IntegrateResult> {
  const { git } = host;
  const { repository, path } = workspace;
  const runRef = await branchRef(git, repository, workspace.branch);
  const { stdout: checkedOut } = await git.attempt(path, ['symbolic-ref', '--quiet', 'HEAD']);
  if (checkedOut.trim() !== runRef) {
    throw failure(
      'Git.Failed',
      `${path} is not on ${workspace.branch} any more. Check that branch out there and retry.`,
    );
  }
  const stageHead = await resolveCommit(git, repository, await branchRef(git, repository, stageWorkspace.branch));
  if (stageHead !== undefined && !(await isAncestor(git, path, stageHead, 'HEAD'))) {
    await mergeInto(host, path, stageWorkspace.branch, stageHead);
  }
  const commits = stageHead === undefined ? 0 : await countCommits(git, path, stageWorkspace.baseCommit, stageHead);
  return { commits, head: await demandCommit(git, path, 'HEAD') };
}

async function mergeInto(host: Host, path: string, branch: string, head: string): Promise<void> {
  const { git } = host;
  // A worker that was killed while it merged this left the merge open.
  if ((await resolveCommit(git, path, 'MERGE_HEAD')) === head) await git(path, ['merge', '--abort']);
  const config = await identity(git, path);
  const args = ['merge', '--no-ff', '-m', `Merge ${branch}`, head];
  const { code, stdout, stderr } = await git.attempt(path, args, { config });
  if (code === 0) return;
  const conflict = await conflictFailure(host, path, `Merging ${branch}`);
  if (conflict === undefined) throw failure('Git.Failed', `git merge in ${path} failed: ${(stderr || stdout).trim()}`);
  await git(path, ['merge', '--abort']);
  throw conflict;
}
