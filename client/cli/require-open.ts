import { RefusedError } from '../faults';
import type { RunExecution } from '../temporal';

/** Some requests make sense for a run at work only. Fails: RefusedError. */
export function requireOpen({ open, run, status }: RunExecution, verb: string): void {
  if (open) return;
  throw new RefusedError(
    `${run.runId} has ended (${status}): there is nothing to ${verb}.`,
    `See what can be done with \`gantry status ${run.runId}\`.`,
  );
}
