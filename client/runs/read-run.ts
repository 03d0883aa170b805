import { auditQuery, resultQuery, statusQuery } from '../../contracts/messages';
import type { AuditEntry, RunRef, RunResult, RunView } from '../../contracts/run';
import { NotFoundError } from '../faults';
import type { RunExecution, Temporal } from '../temporal';

/** How a run stands: asked of the workflow while it is open, taken from its result afterwards. Fails: NoWorkerError. */
export async function readView(temporal: Temporal, run: RunRef): Promise<RunView> {
  const execution = await temporal.runs.describe(run);
  if (execution.open) return temporal.runs.query(run, statusQuery);
  return (await readResult(temporal, execution)).view;
}

/** Oldest entry first. Fails: NoWorkerError. */
export async function readAudit(temporal: Temporal, run: RunRef): Promise<readonly AuditEntry[]> {
  const execution = await temporal.runs.describe(run);
  if (execution.open) return temporal.runs.query(run, auditQuery);
  return (await readResult(temporal, execution)).carried.audit;
}

/**
 * The result of a run that has ended, however it did. Fails: NotFoundError when it was ended from outside;
 * NoWorkerError when it was cancelled, since such an execution leaves no result and has to be asked.
 */
export async function readResult(temporal: Temporal, execution: RunExecution): Promise<RunResult> {
  const left = await temporal.runs.result(execution.run);
  const result = left ?? (execution.canceled ? await temporal.runs.query(execution.run, resultQuery) : undefined);
  if (result) return result;
  throw new NotFoundError(
    `Run ${execution.run.runId} was ended from outside (${execution.status}): it left no result and undid nothing.`,
    'Its history is kept: `gantry replay` shows it event by event.',
  );
}

/** A run that a stage nests, named by the stages that lead to it: `inner`, `inner/deeper`. */
export interface NestedView {
  readonly path: string;
  readonly view: RunView;
}

/** Open runs a run nests, and those that they nest: their gates and stages belong to it. */
export async function readNested(temporal: Temporal, view: RunView, above = ''): Promise<NestedView[]> {
  const views: NestedView[] = [];
  for (const { stage, runId } of view.nested) {
    const path = `${above}${stage}`;
    const nested = await readView(temporal, { project: view.run.project, runId });
    views.push({ path, view: nested }, ...(await readNested(temporal, nested, `${path}/`)));
  }
  return views;
}
