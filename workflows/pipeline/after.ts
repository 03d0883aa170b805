import { isCancellation } from '@temporalio/workflow';
import type { RunDependency } from '../../contracts/definition';
import { toFault } from './fault';
import type { RunContext } from './run-context';

/** The longest a run waits for another one that says no limit. */
const WAIT_AT_MOST_MS = 30 * 24 * 60 * 60_000;

/** Other projects' runs that must succeed before this one's first stage. */
export async function awaitOtherRuns(run: RunContext): Promise<void> {
  const waiting = run.input.definition.after.slice(run.state.after.length);
  if (waiting.length === 0) return;
  run.apply({ type: 'after.waiting', waiting: true });
  try {
    for (const dependency of waiting) await awaitOne(run, dependency);
    run.apply({ type: 'after.waiting', waiting: false });
  } catch (error) {
    if (isCancellation(error)) return;
    const { failure } = toFault(error);
    run.stop({ kind: 'failed', stage: 'after' }, failure);
  }
}

async function awaitOne(run: RunContext, { project, pipeline, run: runId, withinMs }: RunDependency): Promise<void> {
  const what = runId ?? `the latest ${pipeline ?? 'run'}`;
  const { awaitRun } = run.activities(`wait for ${what} of ${project}`, {
    startToCloseTimeout: withinMs ?? WAIT_AT_MOST_MS,
    scheduleToCloseTimeout: withinMs ?? WAIT_AT_MOST_MS,
  });
  const { run: ref, output } = await awaitRun({
    project,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(runId === undefined ? {} : { run: runId }),
  });
  run.apply({ type: 'after.met', result: { project: ref.project, run: ref.runId, output } });
}
