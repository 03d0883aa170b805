import type { DispatchResult } from '../../../contracts/activities';
import type { AgentStage } from '../../../contracts/definition';
import type { Workspace } from '../../../contracts/run';
import type { Lease } from '../../../contracts/sessions';
import type { Work } from '../stages/work-item';

// A host with another home does not see the run's worktree: it makes one of its own, and git carries the work.

export function isElsewhere(lease: Lease, workspace: Workspace | undefined): workspace is Workspace {
  return workspace?.home !== undefined && workspace.home !== lease.home;
}

/** The branch as it is now, where hosts with another home find it. */
export async function publishBranch({ run, key }: Work<AgentStage>, workspace: Workspace): Promise<void> {
  const activities = run.activities(`${key}: publish ${workspace.branch}`);
  await activities.publishBranch({ run: run.input.run, workspace });
}

/** Take in what an agent pushed that worked in another home. */
export async function receiveWork(
  { run, key }: Work<AgentStage>,
  workspace: Workspace,
  { pushed, head }: DispatchResult,
): Promise<void> {
  if (pushed === undefined) return;
  const activities = run.activities(`${key}: take in ${pushed}`);
  await activities.receiveWork({ run: run.input.run, workspace, ref: pushed, head });
}
