import { keySlug, publishedRef } from '../../contracts/ids';
import type { WorkspaceClaim } from '../../contracts/undo';
import { identity } from '../git/git';
import { isAncestor } from '../git/names';
import { fetchRef } from '../git/origin';
import { withRepositoryLock } from '../git/repository';
import type { Host } from '../host';
import type { VisitInput } from '../sessions/dispatch/place';
import { VISITS } from './visit';
import { listOwners, readNote, writeNote } from './workspace-record';

/**
 * The visit of an earlier dispatch of the stage that is still there, brought to where the run is now: agents find a
 * conversation again only in the directory that it was about. A second try finds the same.
 */
export async function earlierVisit(
  host: Host,
  own: WorkspaceClaim,
  input: VisitInput,
): Promise<WorkspaceClaim | undefined> {
  const noted = await readNote(host, own, 'continues');
  if (noted !== undefined) return (await readNote(host, noted, 'owner')) === undefined ? undefined : noted;
  if ((await readNote(host, own, 'planned')) !== undefined) return undefined;
  const former = await latestVisit(host, input);
  if (former === undefined) return undefined;
  await bringUpToDate(host, former, input);
  await writeNote(host, own, 'continues', former);
  return former;
}

async function latestVisit(host: Host, { run, stage }: VisitInput): Promise<WorkspaceClaim | undefined> {
  const prefix = `${VISITS}${run.runId}.${keySlug(stage)}.`;
  const visits = (await listOwners(host)).flatMap(({ claim }) => {
    const number = claim.branch.startsWith(prefix) ? /^(\d+)\.(\d+)$/.exec(claim.branch.slice(prefix.length)) : null;
    return number === null ? [] : [{ claim, turn: Number(number[1]), attempt: Number(number[2]) }];
  });
  return visits.sort((a, b) => b.turn - a.turn || b.attempt - a.attempt)[0]?.claim;
}

/** What can not be merged here is left as it is: taking the work in says so later, to those who can do something. */
async function bringUpToDate(host: Host, former: WorkspaceClaim, { workspace }: VisitInput): Promise<void> {
  const planned = await readNote(host, former, 'planned');
  if (planned === undefined) return;
  const { repository, path } = planned;
  const { git } = host;
  await withRepositoryLock(host, repository, async () => {
    const published = await fetchRef(host, repository, publishedRef(workspace.branch));
    if (published === undefined || (await isAncestor(git, path, published, 'HEAD'))) return;
    const config = await identity(git, path);
    const args = ['merge', '--ff', '--no-edit', '-m', `Merge ${workspace.branch}`, published];
    const { code, stderr } = await git.attempt(path, args, { config });
    if (code === 0) return;
    await git.attempt(path, ['merge', '--abort']);
    host.log.warn('a worktree that is gone on in is behind its run', { path, stderr: stderr.trim() });
  });
}
