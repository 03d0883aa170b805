import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { formatDuration } from '../../contracts/duration';
import type { ErrorType } from '../../contracts/errors';
import type { JsonObject } from '../../contracts/json';
import type { EndStatus, RunInput, RunResult } from '../../contracts/run';
import { awaitOtherRuns } from './after';
import { startOver } from './intent';
import { conclude, nextStep } from './plan';
import { Publisher } from './publish';
import { listen } from './requests';
import { resultOf } from './result';
import { RunContext } from './run-context';
import { settlePurse } from './run-purse';
import { undoAll } from './undoing';
import { enter } from './work';

/**
 * One run of one pipeline, from its first stage to its end. The name is wire format: renaming it breaks open runs.
 *
 * The story: wait for other projects' runs, enter stages as what they need settles, let people decide where the
 * pipeline asks them, and end; whatever the end is, the outside world is either as it should be or as it was.
 */
export async function pipelineRun(input: RunInput): Promise<RunResult> {
  const run = new RunContext(input);
  const publisher = new Publisher(run);
  if (input.snapshot === undefined) startOver(run);
  listen(run);
  // A cancel from the Web UI is a cancel like any other: work in flight ends, undos run, and only then the run.
  const cancelled = CancellationScope.current().cancelRequested.catch((error: unknown) => {
    // `gantry cancel` asks the run first and Temporal then: the audit trail has the person's name already.
    if (run.state.stop?.kind !== 'cancel') run.stop({ kind: 'cancel', who: 'temporal' });
    return error;
  });
  const status = await CancellationScope.nonCancellable(() => execute(run, publisher));
  return finish(run, publisher, status, cancelled);
}

async function execute(run: RunContext, publisher: Publisher): Promise<EndStatus> {
  const limit = new CancellationScope();
  limitTime(run, limit);
  if (run.input.definition.after.length > 0) run.begin('after', () => awaitOtherRuns(run));
  const status = await untilEnd(run, publisher);
  limit.cancel();
  await leaveTheWorldTidy(run, status);
  await settlePurse(run);
  await condition(() => allHandlersFinished() && run.isTidy);
  run.throwCrash();
  return status;
}

/** Enter what can be entered, wait for something to happen, until the run has ended. */
async function untilEnd(run: RunContext, publisher: Publisher): Promise<EndStatus> {
  for (;;) {
    takeSteps(run);
    run.throwCrash();
    if (run.busy.size === 0) {
      const status = conclude(run.input.definition, run.state);
      if (status !== undefined) return status;
      if (run.draining) await goOnAsNew(run);
    }
    drainIfLong(run);
    publisher.publish();
    run.changed = false;
    await condition(() => run.changed);
  }
}

function takeSteps(run: RunContext): void {
  if (run.draining) return;
  for (;;) {
    const { input, graph, state, busy } = run;
    const step = nextStep({ run: input, graph, state, busy, parallel: run.limits.parallel });
    if (step === undefined) return;
    switch (step.do) {
      case 'skip':
        run.apply({ type: 'stage.skipped', key: step.stage.id, kind: step.stage.kind, reason: step.reason });
        break;
      case 'expand':
        run.expand(step.stage, step.cells);
        break;
      case 'start':
        enter(run, step.stage, step.key, step.matrix);
        break;
      case 'break':
        run.breakStage(step.stage, step.failure);
        break;
      case 'stop':
        run.stop({ kind: 'budget' }, { type: 'Budget.Exhausted', message: budgetMessage(run) });
        break;
    }
  }
}

function budgetMessage({ state, input }: RunContext): string {
  return `The run has spent $${state.costUsd.toFixed(4)} of $${input.definition.budgetUsd ?? 0}.`;
}

function limitTime(run: RunContext, scope: CancellationScope): void {
  const { timeoutMs } = run.input.definition;
  if (timeoutMs === undefined) return;
  const left = Math.max(run.state.startedAt + timeoutMs - Date.now(), 1);
  void scope
    .run(async () => {
      await sleep(left, { summary: `the run's timeout of ${formatDuration(timeoutMs)}` });
      const message = `The run took longer than ${formatDuration(timeoutMs)}.`;
      run.stop({ kind: 'timeout' }, { type: 'Run.TimedOut', message });
    })
    .catch((error: unknown) => {
      if (!isCancellation(error)) run.crash ??= error;
    });
}

/**
 * A history that has grown long is handed over: nothing new begins, what is at work finishes, gates are put down with
 * their votes and times, and the run continues as new. A nested run may take days, so it gets more patience.
 */
function drainIfLong(run: RunContext): void {
  if (run.draining || run.state.stop !== undefined) return;
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  const nests = [...run.busy].some((key) => run.state.stages[key]?.kind === 'pipeline');
  const limit = nests ? run.limits.historyEvents * 3 : run.limits.historyEvents;
  if (historyLength < limit && (nests || !continueAsNewSuggested)) return;
  run.drain();
}

async function goOnAsNew(run: RunContext): Promise<never> {
  await condition(() => allHandlersFinished() && run.isTidy);
  const { carried: _carried, intent: _intent, ...input } = run.input;
  return continueAsNew<typeof pipelineRun>({ ...input, snapshot: run.state as unknown as JsonObject });
}

/** Cancelled and rolled back runs take everything back; finished ones remove their worktree; others keep it for resume. */
async function leaveTheWorldTidy(run: RunContext, status: EndStatus): Promise<void> {
  const { stop, workspace } = run.state;
  if (status === 'CANCELLED') return undoAll(run);
  if (stop?.kind === 'rollback') return undoAll(run, stop.to);
  const isDone = status === 'SUCCESS' || status === 'COMPLETED_DEGRADED';
  const isOwn = run.input.parent?.workspace === undefined;
  if (isDone && isOwn && workspace !== undefined) await run.workspaces.release(workspace);
}

async function finish(
  run: RunContext,
  publisher: Publisher,
  status: EndStatus,
  cancelled: Promise<unknown>,
): Promise<RunResult> {
  run.end(status);
  publisher.publish();
  const result = resultOf(run, status);
  if (status === 'CANCELLED' && CancellationScope.current().consideredCancelled) {
    await cancelled;
    // Temporal keeps nothing of this failure; the `result` query tells how such a run ended.
    throw new CancelledFailure('The run was cancelled, and what it did was taken back.');
  }
  const type = FAILED_AS[status];
  if (type === undefined) return result;
  throw ApplicationFailure.create({
    type,
    nonRetryable: true,
    message: run.state.failure?.message ?? `The run ended as ${status}.`,
    details: [result],
  });
}

/** Ends that Temporal shows as failed, so that a list of runs can be trusted at a glance. */
const FAILED_AS: Partial<Record<EndStatus, ErrorType>> = {
  PARTIAL_SUCCESS: 'Run.Failed',
  SYSTEM_FAILURE: 'Run.Broken',
  TIMEOUT: 'Run.TimedOut',
  BUDGET_EXHAUSTED: 'Budget.Exhausted',
};
