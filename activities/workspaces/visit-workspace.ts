import { dispatchRef, keySlug, publishedRef } from '../../contracts/ids';
import type { Workspace } from '../../contracts/run';
import type { WorkspaceClaim } from '../../contracts/undo';
import { failure, isErrorOf } from '../failure';
import { demandCommit, isAncestor, resolveCommit } from '../git/names';
import { openRepository, withRepositoryLock } from '../git/repository';
import { salvageWorktree } from '../git/salvage';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';
import type { Visit, VisitInput } from '../sessions/dispatch/place';
import { homeId } from './home-id';
import { makeWorktree } from './make-worktree';
import { setUp } from './prepare-workspace';
import { removeWorkspace } from './remove-workspace';
import { planOnce, readNote, writeNote } from './workspace-record';

/**
 * A worktree in this home, of a branch that was published from another one. A second visit for the same dispatch finds
 * it as it is. Where an earlier attempt at the same turn left commits at the origin, it starts from those. What is not
 * committed in the run's own worktree is not in it. Fails: Git.Failed, Stage.CommandFailed.
 */
export async function visitWorkspace(host: Host, input: VisitInput, attempt: Attempt): Promise<Visit> {
  const { run, stage, dispatchId, workspace, setup } = input;
  const claim: WorkspaceClaim = {
    repo: demandOrigin(workspace),
    runId: run.runId,
    branch: `gantry-visits/${dispatchId}`,
    stage: `${keySlug(stage)}-${keySlug(dispatchId)}`,
  };
  await writeNote(host, claim, 'owner', { run, claim, since: Date.now() });
  const planned = (await readNote(host, claim, 'planned')) ?? (await plan(host, claim, input));
  await withRepositoryLock(host, planned.repository, () => makeWorktree(host, claim, planned));
  if (setup !== undefined) {
    await setUp(host, { run, workspace: planned, setup, id: `setup ${dispatchId}` }, attempt);
  }
  return visitOf(host, claim, planned, dispatchRef(run.runId, dispatchId));
}

async function plan(host: Host, claim: WorkspaceClaim, { run, dispatchId, workspace }: VisitInput): Promise<Workspace> {
  const repository = await openOrigin(host, claim.repo);
  const published = await fetchRef(host, repository, publishedRef(workspace.branch));
  if (published === undefined) {
    throw failure('Git.Failed', `The branch ${workspace.branch} is not published at ${claim.repo}.`);
  }
  const baseCommit = (await earlierWork(host, repository, { runId: run.runId, dispatchId, published })) ?? published;
  const path = host.paths.worktree(claim.runId, claim.stage);
  const home = await homeId(host.paths.home);
  const { branch, repo: origin } = claim;
  return planOnce(host, claim, {
    repository,
    path,
    branch,
    base: workspace.branch,
    baseCommit,
    ports: {},
    home,
    origin,
  });
}

/** What an earlier attempt at this turn pushed from a host that is gone. */
async function earlierWork(
  host: Host,
  repository: string,
  { runId, dispatchId, published }: { readonly runId: string; readonly dispatchId: string; readonly published: string },
): Promise<string | undefined> {
  const dot = dispatchId.lastIndexOf('.');
  for (let attempt = Number(dispatchId.slice(dot + 1)) - 1; attempt > 0; attempt -= 1) {
    const found = await fetchRef(host, repository, dispatchRef(runId, `${dispatchId.slice(0, dot)}.${attempt}`));
    if (found !== undefined && (await isAncestor(host.git, repository, published, found))) return found;
  }
  return undefined;
}

function visitOf(host: Host, claim: WorkspaceClaim, workspace: Workspace, ref: string): Visit {
  const { repository, path } = workspace;
  let pushed: string | undefined;
  const push = async (): Promise<string> => {
    const head = await demandCommit(host.git, path, 'HEAD');
    if (head === pushed) return head;
    await host.git(repository, ['push', '--quiet', '--force', 'origin', `${head}:${ref}`]);
    pushed = head;
    return head;
  };
  return {
    workspace,
    async publish() {
      const label = { runId: claim.runId, label: claim.stage ?? 'visit' };
      const salvage = await salvageWorktree(host, repository, path, label);
      if (salvage?.startsWith('refs/') === true) {
        await host.git(repository, ['push', '--quiet', '--force', 'origin', `${salvage}:${salvage}`]);
      }
      return { ref, head: await push() };
    },
    checkpoint: push,
    async leave() {
      await removeWorkspace(host, { claim, keepUnmergedBranch: false });
    },
  };
}

async function openOrigin(host: Host, origin: string): Promise<string> {
  try {
    return await openRepository(host, origin);
  } catch (error) {
    if (!isErrorOf(error, 'Git.Failed')) throw error;
    const isPath = origin.startsWith('file:');
    const advice = isPath
      ? 'Start the run with an address that this host can reach too, or mount the path here.'
      : 'Give this host access to it.';
    throw failure('Git.Failed', `This host cannot read ${origin}: ${(error as Error).message} ${advice}`);
  }
}

/** The commit of a ref of the origin; undefined when it has none such. Fails: Git.Failed. */
async function fetchRef(host: Host, repository: string, ref: string): Promise<string | undefined> {
  const { code, stderr } = await host.git.attempt(repository, ['fetch', '--quiet', 'origin', `+${ref}:${ref}`]);
  if (code === 0) return resolveCommit(host.git, repository, ref);
  if (/couldn't find remote ref/.test(stderr)) return undefined;
  throw failure('Git.Failed', `git fetch of ${ref} into ${repository} failed: ${host.redactor.redact(stderr.trim())}`);
}

function demandOrigin({ origin, branch }: Workspace): string {
  if (origin !== undefined) return origin;
  throw failure('Git.Failed', `Nobody has said where the branch ${branch} can be found from another home.`);
}
