import type { IntegrateResult, ReceiveInput } from '../../contracts/activities';
import { failure } from '../failure';
import { conflictFailure } from '../git/conflict';
import { identity } from '../git/git';
import { countCommits, demandCommit, isAncestor, resolveCommit } from '../git/names';
import { isMirror, withRepositoryLock } from '../git/repository';
import type { Host } from '../host';
import { deleteRefs } from './publish-branch';

/** {@link FleetActivities.receiveWork} */
export async function receiveWork(host: Host, { workspace, ref, head }: ReceiveInput): Promise<IntegrateResult> {
  const { repository, path } = workspace;
  return withRepositoryLock(host, repository, async () => {
    const before = await demandCommit(host.git, path, 'HEAD');
    const isTaken = (await resolveCommit(host.git, path, head)) !== undefined;
    if (!isTaken && isMirror(host, repository)) await host.git(repository, ['fetch', '--quiet', 'origin', ref]);
    const known = await demandCommit(host.git, path, head);
    if (!(await isAncestor(host.git, path, known, 'HEAD'))) await merge(host, path, { ref, head: known });
    // An attempt that was given up left one too: all that begin alike are of this stage's turn.
    const failed = await deleteRefs(host, repository, [ref.slice(0, ref.lastIndexOf('.') + 1)]);
    if (failed !== undefined) host.log.warn('a ref stays at its origin', { ref, why: failed });
    const now = await demandCommit(host.git, path, 'HEAD');
    return { commits: await countCommits(host.git, path, before, now), head: now };
  });
}

async function merge(host: Host, path: string, { ref, head }: { readonly ref: string; readonly head: string }) {
  const { git } = host;
  // A worker that was killed while it merged this left the merge open.
  if ((await resolveCommit(git, path, 'MERGE_HEAD')) === head) await git(path, ['merge', '--abort']);
  const config = await identity(git, path);
  const args = ['merge', '--ff', '--no-edit', '-m', `Merge ${ref.slice(ref.lastIndexOf('/') + 1)}`, head];
  const { code, stdout, stderr } = await git.attempt(path, args, { config });
  if (code === 0) return;
  const conflict = await conflictFailure(host, path, `Taking in ${ref}`);
  if (conflict !== undefined) await git(path, ['merge', '--abort']);
  throw conflict ?? failure('Git.Failed', `git merge in ${path} failed: ${(stderr || stdout).trim()}`);
}
