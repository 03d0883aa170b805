import type { RunView } from '../../contracts/run';
import { FailedError } from '../faults';

/** With --watch a run's end is the command's: exit code 1 unless it is SUCCESS. */
export function failUnlessWell(view: RunView): void {
  if (view.status !== 'SUCCESS') throw new FailedError(`${view.run.runId} ended as ${view.status}.`);
}
