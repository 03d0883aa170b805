import type { FleetActivities, PublishResult } from '../../contracts/activities';
import { dispatchRefs, publishedRef, runBranch } from '../../contracts/ids';
import type { WorkspaceClaim } from '../../contracts/undo';
import { withLock } from '../files/lock';
import { retireDispatches } from '../git/dispatch-refs';
import { deleteRefs, listRefs, pushRef } from '../git/origin';
import { withRepositoryLock } from '../git/repository';
import { demandHead } from '../git/worktrees';
import type { Host } from '../host';
import { readNote, writeNote } from './workspace-record';

/** For how long an origin that cannot be reached is asked again to take refs of a run away. */
const PATIENCE_MS = 24 * 60 * 60_000;

/** {@link FleetActivities.publishBranch} */
export async function publishBranch(
  host: Host,
  { run, workspace }: Parameters<FleetActivities['publishBranch']>[0],
): Promise<PublishResult> {
  const { repository, path, branch } = workspace;
  const ref = publishedRef(branch);
  const claim: WorkspaceClaim = { repo: repository, runId: run.runId, branch: runBranch(run.runId) };
  await withRepositoryLock(host, repository, async () => {
    // Noted before the act: who removes the run's workspace then withdraws it, whether it was done or not.
    const { refs = [] } = (await readNote(host, claim, 'published')) ?? {};
    await writeNote(host, claim, 'published', { refs: [...new Set([...refs, ref])] });
  });
  return withLock(host.paths.lock(`${repository} ${ref}`), async () => {
    // Looked at in turn: who waited would else publish what was there before, over what came after it.
    const head = await demandHead(host.git, path);
    const dirty = (await host.git(path, ['status', '--porcelain', '--untracked-files=all'])) !== '';
    await pushRef(host, repository, ref, head);
    return { head, dirty };
  });
}

/**
 * Take everything of a run away from its origin; keep what agents pushed there and nobody took in. Is that done, or
 * given up? An origin that cannot be reached fails nothing: it is asked again for a day, and then left as it is.
 */
export async function withdrawPublished(host: Host, repository: string, claim: WorkspaceClaim): Promise<boolean> {
  const { runId, stage } = claim;
  const published = stage === undefined ? await readNote(host, claim, 'published') : undefined;
  if (published === undefined) return true;
  const { refs, failingSince = Date.now() } = published;
  try {
    await withdraw(host, repository, runId, refs);
    return true;
  } catch (error) {
    const isGivenUp = Date.now() - failingSince > PATIENCE_MS;
    const what = isGivenUp ? 'refs of a run stay at its origin' : 'refs of a run could not be removed yet';
    host.log.warn(what, { runId, refs, error });
    if (!isGivenUp) await writeNote(host, claim, 'published', { refs, failingSince });
    return isGivenUp;
  }
}

async function withdraw(host: Host, repository: string, runId: string, refs: readonly string[]): Promise<void> {
  const prefix = dispatchRefs(runId);
  const there = await listRefs(host, repository, [...refs, prefix]);
  const isDispatch = ({ ref }: { readonly ref: string }): boolean => ref.startsWith(prefix);
  await retireDispatches(host, repository, runId, there.filter(isDispatch));
  await deleteRefs(
    host,
    repository,
    there.filter((one) => !isDispatch(one)),
  );
}
