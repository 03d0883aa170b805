import { randomUUID } from 'node:crypto';
import { suggestion } from '../../contracts/nearest-word';
import { retryUpdate, rollbackUpdate, unpauseUpdate } from '../../contracts/messages';
import {
  RESUMABLE,
  carriedFrom,
  type EndStatus,
  type RunInput,
  type RunIntent,
  type RunResult,
} from '../../contracts/run';
import { NotFoundError, RefusedError } from '../faults';
import type { RunExecution, Temporal } from '../temporal';
import { readResult } from './read-run';

/**
 * `resume`, `retry` and `rollback`: an open run is asked by an update, one that has ended is started again under its
 * id with what it carried. Answers one line for people. Fails: RefusedError, NotFoundError, NoWorkerError.
 */
export async function continueRun(
  temporal: Temporal,
  execution: RunExecution,
  intent: RunIntent,
  by: { readonly who: string; readonly comment?: string },
  raised: RaisedLimits = {},
): Promise<string> {
  if (execution.open) {
    if (Object.keys(raised).length > 0)
      throw new RefusedError('Limits are raised for a run that has ended; this one is open.');
    return (await askOpenRun(temporal, execution, intent, by)).message;
  }
  const result = await readResult(temporal, execution);
  const previous = await temporal.runs.inputOf(execution.run);
  refuseUnlessPossible(result, intent, previous);
  const { snapshot: _snapshot, ...input } = previous;
  const definition = { ...input.definition, ...raised };
  refuseSpentBudget(result, intent, definition.budgetUsd);
  const next: RunInput = { ...input, definition, startedBy: by.who, carried: carriedFrom(result), intent };
  await temporal.runs.start(next, { again: true, details: `Goes on from ${result.status}: ${intent.kind}` });
  return AGAIN[intent.kind](result, intent);
}

/** Limits a resumed run gets in place of those it ran into. US dollars, milliseconds. */
export interface RaisedLimits {
  readonly budgetUsd?: number;
  readonly timeoutMs?: number;
}

/** What was spent stays spent: with the same budget the run would end again before its first stage that costs. */
function refuseSpentBudget({ view }: RunResult, { kind }: RunIntent, budgetUsd: number | undefined): void {
  if (kind === 'rollback' || budgetUsd === undefined || view.costUsd < budgetUsd) return;
  throw new RefusedError(
    `The run has spent $${view.costUsd.toFixed(2)} of its $${budgetUsd.toFixed(2)}.`,
    `Give it more: gantry resume ${view.run.runId} --budget ${Math.ceil(view.costUsd * 2)}`,
  );
}

const AGAIN: Record<RunIntent['kind'], (result: RunResult, intent: RunIntent) => string> = {
  resume: ({ view }) => {
    const kept = view.stages.filter(({ status }) => status === 'succeeded' || status === 'tolerated').length;
    return `Goes on; ${kept} finished stage${kept === 1 ? '' : 's'} ${kept === 1 ? 'is' : 'are'} kept.`;
  },
  retry: (_result, intent) => `Runs again from ${'from' in intent ? intent.from : ''}.`,
  rollback: (_result, intent) =>
    'to' in intent && intent.to ? `Takes back all after ${intent.to}.` : 'Takes back all.',
};

function askOpenRun(
  temporal: Temporal,
  { run }: RunExecution,
  intent: RunIntent,
  by: { readonly who: string; readonly comment?: string },
) {
  const id = randomUUID();
  switch (intent.kind) {
    case 'resume':
      return temporal.runs.update(run, unpauseUpdate, id, by);
    case 'retry':
      return temporal.runs.update(run, retryUpdate, id, { ...by, from: intent.from });
    case 'rollback':
      return temporal.runs.update(run, rollbackUpdate, id, {
        ...by,
        ...(intent.to !== undefined && { to: intent.to }),
      });
  }
}

function refuseUnlessPossible(result: RunResult, intent: RunIntent, input: RunInput): void {
  const stage = intent.kind === 'retry' ? intent.from : intent.kind === 'rollback' ? intent.to : undefined;
  const ids = input.definition.stages.map(({ id }) => id);
  if (stage !== undefined && !ids.includes(stage)) {
    throw new NotFoundError(`No stage "${stage}" in this run. ${suggestion(stage, ids) ?? ''}`.trim());
  }
  const reason = NOT_POSSIBLE[intent.kind](result);
  if (reason !== undefined) throw new RefusedError(reason, NEXT_STEP[result.status]?.(input.run.runId));
}

const NOT_POSSIBLE: Record<RunIntent['kind'], (result: RunResult) => string | undefined> = {
  resume: ({ status }) =>
    (RESUMABLE as readonly EndStatus[]).includes(status) ? undefined : `Not resumed: ${status} ${WHY_FINAL[status]}`,
  retry: ({ status }) => (status === 'CANCELLED' ? `Not tried again: ${status} ${WHY_FINAL[status]}` : undefined),
  rollback: ({ status, carried }) =>
    carried.undos.length > 0
      ? undefined
      : `Nothing to take back: the run ended as ${status} and left nothing undoable.`,
};

const WHY_FINAL: Record<EndStatus, string> = {
  SUCCESS: 'is final: every stage ended well.',
  PARTIAL_SUCCESS: '',
  COMPLETED_DEGRADED: 'is final: every stage ran, and some failure was tolerated.',
  BUDGET_EXHAUSTED: '',
  TIMEOUT: '',
  SYSTEM_FAILURE: 'left nothing that could be gone on from.',
  CANCELLED: 'is final: what the run did has been taken back.',
  ROLLED_BACK: 'is final: what the run did has been taken back.',
};

const retryHint = (id: string) =>
  `Run one stage and all after it again with \`gantry retry ${id} --from STAGE\`, or start a new run.`;
const newRunHint = () => 'Start a new run.';

const NEXT_STEP: Partial<Record<EndStatus, (runId: string) => string>> = {
  COMPLETED_DEGRADED: retryHint,
  SUCCESS: retryHint,
  SYSTEM_FAILURE: retryHint,
  ROLLED_BACK: retryHint,
  CANCELLED: newRunHint,
};
