import type { PrepareWorkspaceInput, StageWorkspaceInput } from '../../contracts/activities';
import type { RunRef, Workspace } from '../../contracts/run';
import type { WorkspaceClaim } from '../../contracts/undo';
import { branchRef, demandCommit, resolveCommit } from '../git/names';
import { openRepository, originOf, repositoryPath, resolveBase, withRepositoryLock } from '../git/repository';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';
import { allotPorts } from '../ports/port-blocks';
import { homeId } from './home-id';
import { makeWorktree } from './make-worktree';
import { setUp } from './set-up';
import { eraseNotes, planOnce, readNote, writeNote } from './workspace-record';

/** {@link WorkspaceActivities.prepareWorkspace} */
export async function prepareWorkspace(
  host: Host,
  { run, claim, base, ports, setup }: PrepareWorkspaceInput,
  attempt: Attempt,
): Promise<Workspace> {
  await forgetFormer(host, claim);
  await noteOwner(host, run, claim);
  const planned = (await readNote(host, claim, 'planned')) ?? (await planRun(host, claim, base));
  await withRepositoryLock(host, planned.repository, () => makeWorktree(host, claim, planned));
  const workspace = { ...planned, ports: await allotPorts(host.paths.ports, claim.runId, ports) };
  if (setup !== undefined) await setUp(host, { run, workspace, setup }, attempt);
  return workspace;
}

/** {@link WorkspaceActivities.prepareStageWorkspace} */
export async function prepareStageWorkspace(
  host: Host,
  { run, workspace, claim }: StageWorkspaceInput,
): Promise<Workspace> {
  await forgetFormer(host, claim);
  await noteOwner(host, run, claim);
  const { repository, ports } = workspace;
  return withRepositoryLock(host, repository, async () => {
    const baseCommit = await demandCommit(
      host.git,
      repository,
      await branchRef(host.git, repository, workspace.branch),
    );
    const path = host.paths.worktree(claim.runId, claim.stage);
    const { home, origin } = workspace;
    const shared = { ...(home !== undefined && { home }), ...(origin !== undefined && { origin }) };
    const plan = { repository, path, branch: claim.branch, base: workspace.branch, baseCommit, ports, ...shared };
    const planned = await planOnce(host, claim, plan);
    await makeWorktree(host, claim, planned);
    return planned;
  });
}

async function noteOwner(host: Host, run: RunRef, claim: WorkspaceClaim): Promise<void> {
  const written = { ...claim, repo: repositoryPath(host, claim.repo) };
  await writeNote(host, claim, 'owner', { run, claim: written, since: Date.now() });
}

/** A workspace of this name that was integrated or removed is over; this is the next one. */
export async function forgetFormer(host: Host, claim: WorkspaceClaim): Promise<void> {
  const isOver = (await readNote(host, claim, 'integrated')) ?? (await readNote(host, claim, 'removed'));
  if (isOver !== undefined) await eraseNotes(host, claim, 'planned', 'made', 'held', 'integrated', 'removed');
}

async function planRun(host: Host, claim: WorkspaceClaim, wanted: string | undefined): Promise<Workspace> {
  const repository = await openRepository(host, claim.repo);
  const { base, commit } = await resolveBase(host, repository, claim.repo, wanted);
  const existing = await resolveCommit(host.git, repository, await branchRef(host.git, repository, claim.branch));
  // A branch that is there holds the work of an earlier execution of this run, which goes on from it.
  const baseCommit = existing === undefined ? commit : await forkPoint(host, repository, commit, existing);
  const path = host.paths.worktree(claim.runId);
  const home = await homeId(host.paths.home);
  const origin = originOf(host, repository, claim.repo);
  return planOnce(host, claim, { repository, path, branch: claim.branch, base, baseCommit, ports: {}, home, origin });
}

async function forkPoint(host: Host, repository: string, base: string, branch: string): Promise<string> {
  const { code, stdout } = await host.git.attempt(repository, ['merge-base', base, branch]);
  return code === 0 ? stdout.trim() : base;
}
