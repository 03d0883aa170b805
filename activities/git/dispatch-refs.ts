import { dispatchRefs } from '../../contracts/ids';
import type { Host } from '../host';
import { resolveCommit } from './names';
import { deleteRefs, fetchRef, type RefAtOrigin } from './origin';
import { withRepositoryLock } from './repository';
import { keep } from './salvage';

/**
 * Take what agents of other homes pushed for a run away from its origin. Commits that nobody took in are kept under a
 * salvage ref of this repository first. Fails: Git.Failed.
 */
export async function retireDispatches(
  host: Host,
  repository: string,
  runId: string,
  refs: readonly RefAtOrigin[],
): Promise<void> {
  for (const one of refs) await withRepositoryLock(host, repository, () => keepUnmerged(host, repository, runId, one));
  await deleteRefs(host, repository, refs);
}

async function keepUnmerged(host: Host, repository: string, runId: string, { ref, commit }: RefAtOrigin) {
  if ((await resolveCommit(host.git, repository, commit)) === undefined) await fetchRef(host, repository, ref);
  if (await isHeld(host, repository, commit)) return;
  const label = ref.slice(dispatchRefs(runId).length + runId.length + 1); // without the run, which the salvage names
  const salvage = await keep(host, repository, commit, { runId, label });
  host.log.warn('work of another host that was not taken in is kept', { runId, ref, salvage });
}

/** Does anything hold a commit besides what was published to be taken away again? */
async function isHeld(host: Host, repository: string, commit: string): Promise<boolean> {
  const passing = ['--exclude=refs/gantry/runs/*', '--exclude=refs/gantry/dispatches/*'];
  return (await host.git(repository, ['rev-list', '--count', commit, '--not', ...passing, '--all'])) === '0';
}
