import { formatDuration } from '../../contracts/duration';
import type { RunStatus, RunView, StageRecord } from '../../contracts/run';
import { cellRecords } from './plan';
import type { RunContext } from './run-context';

/** The run as people and programs see it now. */
export function viewOf(run: RunContext): RunView {
  const { input, state } = run;
  const budgetUsd = input.definition.budgetUsd;
  const stages = stageRecords(run);
  return {
    run: input.run,
    pipeline: input.definition.name,
    status: statusOf(run),
    mode: input.mode,
    priority: state.priority,
    startedAt: state.startedAt,
    ...(state.endedAt === undefined ? {} : { endedAt: state.endedAt }),
    now: Date.now(),
    stages,
    gates: Object.values(state.gates),
    undos: state.undoReports,
    ...(state.workspace === undefined ? {} : { workspace: state.workspace }),
    costUsd: state.costUsd,
    tokens: state.tokens,
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
    ...(state.failure === undefined ? {} : { failure: state.failure }),
    nested: stages.flatMap((one) =>
      one.nestedRunId !== undefined && one.status === 'running' ? [{ stage: one.key, runId: one.nestedRunId }] : [],
    ),
  };
}

/** Every stage in the file's order, those not yet entered too. */
function stageRecords(run: RunContext): StageRecord[] {
  return run.graph.stages.flatMap((stage) => {
    const cells = cellRecords(run.state, stage.id);
    if (cells.length > 0) return cells;
    const untouched: StageRecord = { key: stage.id, kind: stage.kind, status: 'pending', turn: 0, attempt: 0 };
    return [run.state.stages[stage.id] ?? untouched];
  });
}

export function statusOf(run: RunContext): RunStatus {
  const { state } = run;
  if (state.ended !== undefined) return state.ended;
  if (state.undoing) return 'UNDOING';
  if (state.paused) return 'PAUSED';
  const waits =
    state.waitingForRuns ||
    (openGates(run).length > 0 && [...run.busy].every((key) => state.stages[key]?.status === 'waiting'));
  return waits ? 'WAITING' : 'RUNNING';
}

export function openGates(run: RunContext): string[] {
  return Object.values(run.state.gates).flatMap((gate) => (gate.outcome === undefined ? [gate.gate] : []));
}

const MARKS: Readonly<Record<StageRecord['status'], string>> = {
  pending: '·',
  running: '▶',
  waiting: '⏸',
  succeeded: '✓',
  failed: '✗',
  tolerated: '!',
  skipped: '–',
  undone: '↶',
  cancelled: '✗',
};

/** The run as a table in Markdown: Temporal's "current details". */
export function detailsOf(run: RunContext): string {
  const view = viewOf(run);
  const rows = view.stages.map(rowOf);
  const gates = view.gates.filter((gate) => gate.outcome === undefined);
  const asks = gates.map(
    (gate) => `\n**${gate.gate}** waits for ${gate.min} of ${gate.approvers.join(', ')}: ${gate.message}`,
  );
  const failure = view.failure === undefined ? '' : `\n${view.failure.type}: ${view.failure.message}\n`;
  const spent = view.costUsd > 0 ? ` · $${view.costUsd.toFixed(4)}` : '';
  return [
    `**${view.status}**${spent}`,
    '',
    '| | stage | by | time | |',
    '|---|---|---|---|---|',
    ...rows,
    ...asks,
    failure,
  ].join('\n');
}

function rowOf(record: StageRecord): string {
  const time =
    record.startedAt !== undefined && record.endedAt !== undefined
      ? formatDuration(record.endedAt - record.startedAt)
      : '';
  const turns = record.turn > 1 ? ` (turn ${record.turn})` : '';
  const note = noteOf(record).replace(/[|\n]/g, ' ').slice(0, 160);
  return `| ${MARKS[record.status]} | ${record.key}${turns} | ${record.by ?? ''} | ${time} | ${note} |`;
}

function noteOf({ failure, note, waitsIn, lease, status }: StageRecord): string {
  if (failure !== undefined) return failure.message;
  if (waitsIn !== undefined && waitsIn.length > 0) {
    return `waits in ${[...new Set(waitsIn.map(({ pool }) => pool))].join(', ')}`;
  }
  const isAtWork = status === 'running' || status === 'waiting';
  return note ?? (isAtWork && lease !== undefined ? `${lease.session} on ${lease.host}` : '');
}
