import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RemoveWorkspaceInput, RemoveWorkspaceResult } from '../../contracts/activities';
import type { WorkspaceClaim } from '../../contracts/undo';
import { branchRef, isAncestor, resolveCommit } from '../git/names';
import { findRepository, withRepositoryLock } from '../git/repository';
import { keep, moveAside, salvageWorktree } from '../git/salvage';
import { dropWorktree, listWorktrees } from '../git/worktrees';
import { forget } from '../commands/execute';
import { namesIn } from '../files/names-in';
import { exists } from '../files/whole-file';
import type { Host } from '../host';
import { freePorts } from '../ports/port-blocks';
import { PROCESS_VARIABLE, readClaim } from '../processes/process-record';
import { valuesOfVariable } from '../processes/process-table';
import { stopTree } from '../processes/supervised';
import { withdrawPublished } from './publish-branch';
import { setUpDir } from './set-up';
import { eraseNotes, readNote, writeNote } from './workspace-record';

const GRACE_MS = 2_000;

/** {@link WorkspaceActivities.removeWorkspace} */
export async function removeWorkspace(host: Host, input: RemoveWorkspaceInput): Promise<RemoveWorkspaceResult> {
  const { claim } = input;
  await stopLeftovers(host, claim);
  const planned = await readNote(host, claim, 'planned');
  const repository = await findRepository(host, planned?.repository ?? claim.repo);
  const result =
    repository === undefined
      ? await removeWithoutRepository(host, claim)
      : await withRepositoryLock(host, repository, () => removeFrom(host, repository, input));
  const isWithdrawn = repository === undefined || (await withdrawPublished(host, repository, claim));
  await eraseNotes(host, claim, 'planned', 'made', 'received', 'held');
  // As long as the owner is known, the sweeper comes back.
  if (isWithdrawn) await eraseNotes(host, claim, 'owner', 'published');
  if (claim.stage === undefined) {
    await freePorts(host.paths.ports, claim.runId);
    await removeScratch(host, claim.runId);
  }
  return result;
}

async function removeFrom(
  host: Host,
  repository: string,
  { claim, keepUnmergedBranch }: RemoveWorkspaceInput,
): Promise<RemoveWorkspaceResult> {
  const { git } = host;
  const path = host.paths.worktree(claim.runId, claim.stage);
  const ref = await branchRef(git, repository, claim.branch);
  const head = await resolveCommit(git, repository, ref);
  const isRegistered = (await listWorktrees(git, repository)).some((worktree) => worktree.path === path);
  const isThere = await exists(path);
  const earlier = await readNote(host, claim, 'removed');
  if (head === undefined && !isRegistered && !isThere) return earlier ?? NOTHING;

  const salvaged = [isThere ? await salvageFrom(host, repository, path, claim) : undefined];
  const held = await readNote(host, claim, 'held');
  const isUnmerged = head !== undefined && (await hasCommitsOfItsOwn(host, repository, claim.branch, held));
  const branchKept = isUnmerged && keepUnmergedBranch;
  if (isUnmerged && !branchKept) salvaged.push(await keepBranch(host, repository, head, salvaged[0], claim));
  const salvage = salvaged.findLast((place) => place !== undefined) ?? earlier?.salvage;
  const result = { removed: true, branchKept, ...(salvage !== undefined && { salvage }) };
  // From here on things disappear, and a second try could not tell any more what was kept.
  await writeNote(host, claim, 'removed', result);
  await dropWorktree(git, repository, path);
  if (head !== undefined && !branchKept) await deleteBranch(host, repository, claim.branch);
  return result;
}

const NOTHING: RemoveWorkspaceResult = { removed: false, branchKept: false };

/** One that was never finished holds nobody's work. */
async function salvageFrom(host: Host, repository: string, path: string, claim: WorkspaceClaim) {
  const wasPlanned = (await readNote(host, claim, 'planned')) !== undefined;
  if (wasPlanned && (await readNote(host, claim, 'made')) !== true) return undefined;
  const held = await readNote(host, claim, 'held');
  return salvageWorktree(host, repository, path, { ...labelOf(claim), ...(held !== undefined && { held }) });
}

/** The branch's commits, unless what was kept of its worktree holds them already. */
async function keepBranch(
  host: Host,
  repository: string,
  head: string,
  kept: string | undefined,
  claim: WorkspaceClaim,
): Promise<string> {
  if (kept?.startsWith('refs/') && (await isAncestor(host.git, repository, head, kept))) return kept;
  return keep(host, repository, head, labelOf(claim));
}

async function hasCommitsOfItsOwn(host: Host, repository: string, branch: string, held?: string): Promise<boolean> {
  const others = [`--exclude=${branch}`, '--branches', '--tags', '--remotes', ...(held === undefined ? [] : [held])];
  const args = ['rev-list', '--count', `refs/heads/${branch}`, '--not', ...others];
  return (await host.git(repository, args)) !== '0';
}

async function deleteBranch(host: Host, repository: string, branch: string): Promise<void> {
  const { code, stderr } = await host.git.attempt(repository, ['branch', '--delete', '--force', '--', branch]);
  if (code !== 0) host.log.warn('a branch could not be deleted', { branch, stderr: stderr.trim() });
}

/** The repository was moved or deleted. What is in the worktree may be the last copy. */
async function removeWithoutRepository(host: Host, claim: WorkspaceClaim): Promise<RemoveWorkspaceResult> {
  const salvage = await moveAside(host, host.paths.worktree(claim.runId, claim.stage), claim.runId);
  return salvage === undefined ? NOTHING : { removed: true, branchKept: false, salvage };
}

function labelOf({ runId, stage }: WorkspaceClaim) {
  return { runId, label: stage ?? 'run' };
}

/** What commands of the run, or the set-up of a stage's worktree, left running in the background. */
async function stopLeftovers(host: Host, { runId, stage }: WorkspaceClaim): Promise<void> {
  const commands = host.paths.commands(runId);
  const dirs =
    stage === undefined
      ? (await namesIn(commands)).map((name) => join(commands, name))
      : [setUpDir(host, runId, stage)];
  let living: ReadonlySet<string> | undefined;
  for (const dir of dirs) {
    const id = await readClaim(dir);
    if (id === undefined) continue;
    // One look at all processes, and a thorough one only where something lives.
    living ??= await valuesOfVariable(PROCESS_VARIABLE);
    if (living === undefined || living.has(id)) await stopTree(dir, { graceMs: GRACE_MS });
  }
  // The next worktree of that name is to be set up again.
  if (stage !== undefined) await forget(setUpDir(host, runId, stage));
}

/** Everything about the run's commands but their logs. */
async function removeScratch(host: Host, runId: string): Promise<void> {
  const commands = host.paths.commands(runId);
  for (const name of await namesIn(commands)) {
    for (const part of await namesIn(join(commands, name))) {
      if (part !== 'out') await rm(join(commands, name, part), { recursive: true, force: true });
    }
  }
  await rm(join(host.paths.run(runId), 'checks'), { recursive: true, force: true });
}
