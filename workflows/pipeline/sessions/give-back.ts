import { ActivityFailure } from '@temporalio/workflow';
import type { StageKey } from '../../../contracts/ids';
import type { Lease } from '../../../contracts/sessions';
import type { RunContext } from '../run-context';
import { hostOf } from './activities';

/** Free a session that is not needed, aside from everything else. Does nothing where its lease has ended. */
export function giveBack(run: RunContext, key: StageKey, lease: Lease): void {
  const { releaseSession } = hostOf(run, lease, `${key}: give ${lease.session} back`, { startToCloseTimeout: 30_000 });
  run.aside(async () => {
    try {
      await releaseSession({ lease });
    } catch (error) {
      // A host that is gone has no session to free, and a lease nobody uses lapses.
      if (!(error instanceof ActivityFailure)) throw error;
    }
  });
}
