import type { FleetActivities, PublishResult } from '../../contracts/activities';
import { dispatchRefs, publishedRef } from '../../contracts/ids';
import type { WorkspaceClaim } from '../../contracts/undo';
import { demandCommit } from '../git/names';
import { isMirror, withRepositoryLock } from '../git/repository';
import type { Host } from '../host';
import { readNote, writeNote } from './workspace-record';

/** {@link FleetActivities.publishBranch} */
export async function publishBranch(
  host: Host,
  { run, workspace }: Parameters<FleetActivities['publishBranch']>[0],
): Promise<PublishResult> {
  const { git } = host;
  const { repository, path, branch } = workspace;
  const head = await demandCommit(git, path, 'HEAD');
  const dirty = (await git(path, ['status', '--porcelain', '--untracked-files=all'])) !== '';
  await withRepositoryLock(host, repository, async () => {
    // Noted before the act: who removes the workspace then withdraws it, whether it was done or not.
    await writeNote(host, { repo: repository, runId: run.runId, branch }, 'published', true);
    if (isMirror(host, repository)) {
      await git(repository, ['push', '--quiet', '--force', 'origin', `${head}:${publishedRef(branch)}`]);
    } else {
      await git(repository, ['update-ref', '-m', 'gantry: published', publishedRef(branch), head]);
    }
  });
  return { head, dirty };
}

/** Take everything of a run away from its origin. What cannot be reached now stays there and is logged: it does no harm. */
export async function withdrawPublished(host: Host, repository: string, claim: WorkspaceClaim): Promise<void> {
  if (claim.stage !== undefined || (await readNote(host, claim, 'published')) !== true) return;
  const prefixes = [publishedRef(`gantry/${claim.runId}`), dispatchRefs(claim.runId)];
  const failed = await deleteRefs(host, repository, prefixes);
  if (failed !== undefined) host.log.warn('refs of a run stay at its origin', { runId: claim.runId, why: failed });
}

/** Delete refs below some prefixes where a repository comes from; gives why not, if so. */
export async function deleteRefs(
  host: Host,
  repository: string,
  prefixes: readonly string[],
): Promise<string | undefined> {
  const { git } = host;
  const isOurs = (ref: string): boolean =>
    prefixes.some((prefix) => ref === prefix || ref.startsWith(prefix) || ref.startsWith(`${prefix}--`));
  const remote = isMirror(host, repository);
  const listed = remote
    ? await git.attempt(repository, ['ls-remote', '--quiet', 'origin', 'refs/gantry/*'])
    : await git.attempt(repository, ['for-each-ref', '--format=%(objectname)%09%(refname)', 'refs/gantry']);
  if (listed.code !== 0) return listed.stderr.trim();
  const refs = listed.stdout.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
  const gone = refs.filter(isOurs);
  if (gone.length === 0) return undefined;
  const { code, stderr } = remote
    ? await git.attempt(repository, ['push', '--quiet', 'origin', ...gone.map((ref) => `:${ref}`)])
    : await git.attempt(repository, ['update-ref', '--stdin'], {
        input: gone.map((ref) => `delete ${ref}\n`).join(''),
      });
  return code === 0 ? undefined : stderr.trim();
}
