import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dispatchRef, keySlug, publishedRef } from '../../contracts/ids';
import type { Workspace } from '../../contracts/run';
import type { WorkspaceClaim } from '../../contracts/undo';
import { failure, isErrorOf } from '../failure';
import { isAncestor } from '../git/names';
import { cannotReach, fetchRef } from '../git/origin';
import { openRepository, withRepositoryLock } from '../git/repository';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';
import type { Visit, VisitInput } from '../sessions/dispatch/place';
import { earlierVisit } from './earlier-visit';
import { homeId } from './home-id';
import { makeWorktree } from './make-worktree';
import { forgetFormer } from './prepare-workspace';
import { setUp } from './set-up';
import { VISITS, visitOf } from './visit';
import { planOnce, readNote, writeNote } from './workspace-record';

/**
 * A worktree in this home, of a branch that was published from another one. A second visit for the same dispatch finds
 * it as it is. A conversation that goes on does so in the worktree of the earlier dispatch. Where an earlier attempt at
 * the same turn left commits at the origin, a new worktree starts from those. What is not committed in the run's own
 * worktree is not in it. Fails: Git.Failed, Stage.CommandFailed.
 */
export async function visitWorkspace(host: Host, input: VisitInput, attempt: Attempt): Promise<Visit> {
  const { run, dispatchId, workspace, setup } = input;
  const own = claimOf(input);
  const claim = (input.goesOn === true ? await earlierVisit(host, own, input) : undefined) ?? own;
  await forgetFormer(host, claim);
  await writeNote(host, claim, 'owner', { run, claim, since: Date.now() });
  const planned = (await readNote(host, claim, 'planned')) ?? (await plan(host, claim, input));
  await withRepositoryLock(host, planned.repository, () => makeWorktree(host, claim, planned));
  if (setup !== undefined) await setUp(host, { run, workspace: planned, setup, stage: claim.stage }, attempt);
  // The prompt names the ports that the run was given; where they are taken here, the agent sees that.
  return visitOf(host, claim, { ...planned, ports: workspace.ports }, dispatchRef(run.runId, dispatchId));
}

/** To the host it is the workspace of a stage, named after the dispatch. */
function claimOf({ run: { runId }, dispatchId, workspace }: VisitInput): WorkspaceClaim {
  const inRun = dispatchId.startsWith(`${runId}.`) ? dispatchId.slice(runId.length + 1) : dispatchId;
  return { repo: addressOf(workspace), runId, branch: `${VISITS}${dispatchId}`, stage: keySlug(inRun) };
}

async function plan(host: Host, claim: WorkspaceClaim, { run, dispatchId, workspace }: VisitInput): Promise<Workspace> {
  const repository = await openOrigin(host, claim.repo);
  const baseCommit = await withRepositoryLock(host, repository, async () => {
    const published = await fetchRef(host, repository, publishedRef(workspace.branch));
    if (published === undefined) {
      const isPath = claim.repo.startsWith('file:');
      const hint = `The run has ended, or ${isPath ? 'this host has another repository at that path' : 'its home did not publish it'}.`;
      throw failure('Git.Failed', `The branch ${workspace.branch} is not published at ${claim.repo}. ${hint}`);
    }
    return (await earlierWork(host, repository, { runId: run.runId, dispatchId, published })) ?? published;
  });
  const path = host.paths.worktree(claim.runId, claim.stage);
  const home = await homeId(host.paths.home);
  const { branch, repo: origin } = claim;
  await writeNote(host, claim, 'held', baseCommit);
  const planned = { repository, path, branch, base: workspace.branch, baseCommit, ports: {}, home, origin };
  return planOnce(host, claim, planned);
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
    // Where the run has gone on meanwhile, its branch is what counts; the run keeps the earlier work.
    if (found !== undefined && (await isAncestor(host.git, repository, published, found))) return found;
  }
  return undefined;
}

async function openOrigin(host: Host, origin: string): Promise<string> {
  try {
    return await openRepository(host, origin);
  } catch (error) {
    if (!isErrorOf(error, 'Git.Failed')) throw error;
    throw failure('Git.Failed', cannotReach(host, `fetch from ${origin}`, (error as Error).message, origin));
  }
}

function addressOf({ origin, branch }: Workspace): string {
  if (origin === undefined) {
    const hint = 'The run was begun before its home could say so: start it again.';
    throw failure('Git.Failed', `Nobody has said where the branch ${branch} is found from another home. ${hint}`);
  }
  return isAbsolute(origin) ? pathToFileURL(origin).href : origin;
}
