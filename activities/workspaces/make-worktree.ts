import { rm } from 'node:fs/promises';
import type { Workspace } from '../../contracts/run';
import type { WorkspaceClaim } from '../../contracts/undo';
import { branchRef, resolveCommit } from '../git/names';
import { moveAside } from '../git/salvage';
import { addWorktree, dropWorktree, isUsable } from '../git/worktrees';
import type { Host } from '../host';
import { readNote, writeNote } from './workspace-record';

/** Make the branch and the worktree of a workspace, from whatever a killed worker left of them. */
export async function makeWorktree(host: Host, claim: WorkspaceClaim, planned: Workspace): Promise<void> {
  const { git } = host;
  const { repository, path, branch, baseCommit } = planned;
  const ref = await branchRef(git, repository, branch);
  const wasMade = (await readNote(host, claim, 'made')) === true;
  if (wasMade && (await isUsable(git, path))) return;

  // One that was made may hold work, even where git has lost track of it; a half-made one can not.
  const rescued = wasMade ? await moveAside(host, path, claim.runId) : undefined;
  if (rescued !== undefined) host.log.warn('a broken worktree was put aside', { path, rescued });
  await rm(path, { recursive: true, force: true });
  await dropWorktree(git, repository, path);
  if ((await resolveCommit(git, repository, ref)) === undefined) {
    await git(repository, ['update-ref', '-m', 'gantry: branch of a run', ref, baseCommit, '']);
  }
  await addWorktree(git, repository, path, branch);
  await writeNote(host, claim, 'made', true);
}
