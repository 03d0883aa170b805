import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { WorkspaceOwner } from '../activities/workspaces/workspace-record';
import type { WorkspaceActivities } from '../contracts/activities';
import type { OtherRuns } from './doors/other-runs';

// W1. Nothing of an open run is swept, nor of one that somebody may still resume.
// W2. What is swept is kept under a salvage ref first, if there is anything to keep.
// W3. A run the server does not know may be one of another server: it gets weeks, not minutes.

const SWEEP_EVERY_MS = 10 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** How long a run that could be resumed, or that nobody knows, keeps its worktree. */
const PATIENCE_MS = 14 * DAY_MS;

export interface SweepPorts {
  readonly standingOf: OtherRuns['standingOf'];
  readonly owners: () => Promise<readonly WorkspaceOwner[]>;
  readonly removeWorkspace: WorkspaceActivities['removeWorkspace'];
  readonly log: Logger;
}

/** Remove worktrees whose run is gone: terminated, timed out by Temporal, or ended while its host was down. */
export async function sweep(ports: SweepPorts, now = Date.now()): Promise<void> {
  for (const owner of await ports.owners()) {
    try {
      if (!(await isAbandoned(ports, owner, now))) continue;
      const { salvage } = await ports.removeWorkspace({ claim: owner.claim, keepUnmergedBranch: false });
      ports.log.info(
        { runId: owner.run.runId, branch: owner.claim.branch, salvage },
        'swept the worktree of a run that is gone',
      );
    } catch (error) {
      ports.log.warn({ error, runId: owner.run.runId }, 'a worktree could not be swept; it is tried again later');
    }
  }
}

/** Sweep now and every ten minutes, until `stopped` resolves; resolves when the last sweep has ended. */
export async function keepSweeping(ports: SweepPorts, stopped: Promise<void>): Promise<void> {
  let goesOn = true;
  const ended = stopped.then(() => (goesOn = false));
  while (goesOn) {
    await sweep(ports).catch((error: unknown) => ports.log.warn({ error }, 'sweeping failed'));
    await Promise.race([ended, sleep(SWEEP_EVERY_MS, undefined, { ref: false })]);
  }
}

async function isAbandoned({ standingOf }: SweepPorts, { run, since }: WorkspaceOwner, now: number): Promise<boolean> {
  const standing = await standingOf(run);
  switch (standing.state) {
    case 'open':
      return false;
    case 'ended':
      return !standing.resumable || now - standing.at > PATIENCE_MS;
    case 'unknown':
      return now - since > PATIENCE_MS;
  }
}
