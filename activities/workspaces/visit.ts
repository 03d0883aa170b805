import type { WorkspaceClaim } from '../../contracts/undo';
import type { Workspace } from '../../contracts/run';
import { salvageRef } from '../../contracts/ids';
import { demandCommit } from '../git/names';
import { pushRef } from '../git/origin';
import { salvageChanges } from '../git/salvage';
import { demandHead } from '../git/worktrees';
import type { Host } from '../host';
import type { Visit } from '../sessions/dispatch/place';
import { removeWorkspace } from './remove-workspace';
import { readNote, writeNote } from './workspace-record';

/** Branches of visits are in a home of their own: nothing reads them there but the agent. */
export const VISITS = 'gantry-visits/';

/** What a visit gives back: commits under the ref of the dispatch, and what was not committed under a salvage ref. */
export function visitOf(host: Host, claim: WorkspaceClaim, workspace: Workspace, ref: string): Visit {
  const { repository, path } = workspace;
  const oneByOne = inTurn();
  const push = async (head: string): Promise<void> => {
    await pushRef(host, repository, ref, head);
    await writeNote(host, claim, 'held', head);
  };
  return {
    workspace,
    publish: () =>
      oneByOne(async () => {
        const head = await demandHead(host.git, path);
        await push(head);
        const label = { runId: claim.runId, label: claim.stage! };
        await pushSalvage(host, claim, repository, await salvageChanges(host, repository, path, label));
        return { ref, head };
      }),
    checkpoint: () =>
      oneByOne(async () => {
        const head = await demandHead(host.git, path);
        if (head === (await readNote(host, claim, 'held'))) return undefined;
        await push(head);
        return head;
      }),
    leave: () =>
      oneByOne(async () => {
        const { salvage } = await removeWorkspace(host, { claim, keepUnmergedBranch: false });
        await pushSalvage(host, claim, repository, salvage);
      }),
  };
}

/** A copy where the run's people find it too. Its name tells it from what other hosts keep of the same dispatch. */
async function pushSalvage(
  host: Host,
  { runId, stage }: WorkspaceClaim,
  repository: string,
  salvage: string | undefined,
): Promise<void> {
  if (salvage?.startsWith('refs/') !== true) return;
  try {
    const commit = await demandCommit(host.git, repository, salvage);
    const ref = `${salvageRef(runId, stage!)}-${commit.slice(0, 10)}`;
    await pushRef(host, repository, ref, commit);
    host.log.warn('what an agent left that is in no result is kept', { runId, ref });
  } catch (error) {
    host.log.warn('uncommitted work is kept on this host alone', { runId, repository, salvage, error });
  }
}

/** One after the other, whether those before ended well or not. */
function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
