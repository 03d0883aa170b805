import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { RunRef, Workspace } from '../contracts/run';
import { tailOf } from '../contracts/text';
import type { UndoAction } from '../contracts/undo';
import { execute, forget } from './commands/execute';
import { exists } from './files/whole-file';
import { branchRef, resolveCommit } from './git/names';
import { findRepository, withRepositoryLock } from './git/repository';
import { unmerge } from './git/unmerge';
import { addCheckout, dropWorktree } from './git/worktrees';
import { activityKey, type Attempt } from './heartbeat';
import { fileName, type Host } from './host';
import { stopService } from './services/stop-service';
import { removeWorkspace } from './workspaces/remove-workspace';

type UndoCommand = Extract<UndoAction, { kind: 'command' }>;

/** Below the limit of the activity, so that the command is ended by us and not left behind. */
const COMMAND_LIMIT_MS = 9 * 60_000;

/** {@link UndoActivities.undo} */
export async function undo(
  host: Host,
  { run, action }: { readonly run: RunRef; readonly action: UndoAction },
  attempt: Attempt,
): Promise<{ readonly message: string }> {
  return { message: await takeBack(host, run, action, attempt).catch(retryable(attempt)) };
}

function takeBack(host: Host, run: RunRef, action: UndoAction, attempt: Attempt): Promise<string> {
  switch (action.kind) {
    case 'remove-workspace':
      return removeRolledBack(host, action);
    case 'unmerge':
      return unmerge(host, action);
    case 'stop-service':
      return stopService(host, action);
    case 'command':
      return undoWithCommand(host, run, action, attempt);
  }
}

async function removeRolledBack(host: Host, { workspace }: Extract<UndoAction, { kind: 'remove-workspace' }>) {
  const { removed, salvage } = await removeWorkspace(host, { claim: workspace, keepUnmergedBranch: false });
  if (!removed) return `${workspace.branch} was not there`;
  return salvage === undefined
    ? `${workspace.branch} is removed`
    : `${workspace.branch} is removed, its work kept in ${salvage}`;
}

/** Each undo of a run happens once, though two of them may be the same command. */
async function undoWithCommand(host: Host, run: RunRef, action: UndoCommand, attempt: Attempt): Promise<string> {
  const key = activityKey() ?? createHash('sha256').update(JSON.stringify(action)).digest('hex');
  const dir = host.paths.command(run.runId, `undo ${key}`);
  const { command, env, secrets } = action;
  const { exitCode, timedOut, log } = await inWorkspace(host, action.workspace, key, (cwd) => {
    const order = { dir, run, command: { command, env, secrets }, timeoutMs: COMMAND_LIMIT_MS };
    return execute(host, cwd === undefined ? order : { ...order, cwd }, attempt);
  });
  if (exitCode === 0 && !timedOut) return 'exit code 0';
  await forget(dir); // the next try runs it again
  const end = timedOut ? 'took too long' : `ended with exit code ${exitCode}`;
  throw ApplicationFailure.create({
    type: 'Undo.Failed',
    message: `The undo command ${end}: ${tailOf(log, 1_000).trim()}`,
  });
}

/** In the run's worktree, or in another one at its last commit where the run has ended and its worktree is gone. */
async function inWorkspace<T>(
  host: Host,
  workspace: Workspace | undefined,
  key: string,
  work: (cwd?: string) => Promise<T>,
): Promise<T> {
  if (workspace === undefined || (await exists(workspace.path))) return work(workspace?.path);
  const repository = await findRepository(host, workspace.repository);
  if (repository === undefined) return work();
  const branch = await resolveCommit(host.git, repository, await branchRef(host.git, repository, workspace.branch));
  const path = join(host.paths.scratch, fileName(`undo ${key}`));
  const commit = branch ?? workspace.baseCommit;
  await withRepositoryLock(host, repository, () => addCheckout(host.git, repository, path, commit));
  // Where this attempt ends and the command does not, the next attempt finds both.
  const result = await work(path);
  await withRepositoryLock(host, repository, () => dropWorktree(host.git, repository, path));
  return result;
}

/** Temporal tries an undo again, whatever failed: an effect that stays is worse than a wait. */
function retryable(attempt: Attempt): (error: unknown) => never {
  return (error) => {
    if (attempt.signal.aborted || !(error instanceof ApplicationFailure)) throw error;
    const { type, message, details } = error;
    throw ApplicationFailure.create({
      type: 'Undo.Failed',
      message: type === 'Undo.Failed' ? message : `${type}: ${message}`,
      details: details ?? [],
    });
  };
}
