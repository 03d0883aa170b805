import { CancellationScope } from '@temporalio/workflow';
import { prepareCommand } from '../../contracts/expressions';
import type { UndoReport } from '../../contracts/run';
import type { Undo, UndoAction } from '../../contracts/undo';
import { stageIdOf, type StageKey } from '../../contracts/ids';
import { isSettled, keysOf } from './plan';
import { LOST_WORKER_RETRY, type RunContext } from './run-context';

// U1. Newest first, one after another: an undo may rely on what was done before its act.
// U2. Nothing interrupts undoing: not a second cancel, not a timeout.
// U3. An undo that fails is tried again, then reported; the others still run.

/** How often one undo is tried before it is reported as failed. */
const UNDO_ATTEMPTS = 5;

/** Take back everything a cancelled or rolled back run did, or what it did after the stage to keep. */
export async function undoAll(run: RunContext, keepTo?: string): Promise<void> {
  run.apply({ type: 'undoing' });
  const kept = keepTo === undefined ? new Set<string>() : new Set([keepTo, ...run.graph.ancestors(keepTo)]);
  const isKept = (undo: Undo): boolean =>
    keepTo !== undefined && (undo.stage === '' || kept.has(stageIdOf(undo.stage)));
  await takeBack(
    run,
    run.state.undos.filter((undo) => !isKept(undo)),
  );
  const undone = run.graph.stages
    .filter((stage) => !kept.has(stage.id))
    .flatMap((stage) => keysOf(run.state, stage.id));
  run.apply({ type: 'stages.undone', keys: undone.filter((key) => hadEffect(run, key)) });
}

function hadEffect(run: RunContext, key: StageKey): boolean {
  return isSettled(run.record(key).status) && run.record(key).status !== 'skipped';
}

/**
 * The undos a run hands on when it ends. The run that nests it, or a later rollback, knows nothing of this one's
 * stages, so their own undo commands are rendered now; one that cannot be stays as it is and is reported when used.
 */
export function prepareUndosForParent(run: RunContext): Undo[] {
  if (run.input.parent === undefined) return [...run.state.undos];
  return run.state.undos.map((undo) => {
    try {
      return { ...undo, action: prepared(run, undo) };
    } catch {
      return undo;
    }
  });
}

/** Take back these effects, newest first. Never throws: what cannot be taken back is in the run's report. */
export async function takeBack(run: RunContext, undos: readonly Undo[]): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    for (const undo of undos.toReversed()) {
      run.apply({ type: 'undo.reported', report: await takeBackOne(run, undo) });
    }
  });
}

async function takeBackOne(run: RunContext, undo: Undo): Promise<UndoReport> {
  const report = { id: undo.id, stage: undo.stage, label: undo.label };
  try {
    const action = prepared(run, undo);
    const { undo: act } = run.activities(`undo: ${undo.label}`, {
      startToCloseTimeout: '10m',
      retry: { ...LOST_WORKER_RETRY, initialInterval: 500, maximumAttempts: UNDO_ATTEMPTS },
    });
    const { message } = await act({ run: run.input.run, action });
    return { ...report, outcome: 'done', attempts: 1, message };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const message = cause instanceof Error ? cause.message : String(cause);
    return { ...report, outcome: 'failed', attempts: UNDO_ATTEMPTS, message };
  }
}

/** A stage's own undo command is rendered now, when what the stage produced is known. */
function prepared(run: RunContext, undo: Undo): UndoAction {
  if (undo.action.kind !== 'stage-command') return undo.action;
  const stage = run.graph.stage(stageIdOf(undo.stage));
  if (stage?.kind !== 'run' || stage.undo === undefined) throw new Error(`stage ${undo.stage} has no undo command`);
  const command = prepareCommand(stage.undo, run.scope(undo.stage), { env: stage.env, secrets: stage.secrets });
  const workspace = run.state.workspace;
  return {
    kind: 'command',
    command: command.command,
    env: command.env,
    secrets: command.secrets,
    ...(workspace === undefined ? {} : { workspace }),
  };
}
