import type { GateRecord, RunView, StageRecord } from '../../../contracts/run';
import { approversOf } from '../../runs/approvers';
import { clock, elapsed, money } from './figures';
import { harmless } from './paint';

/** What happened between two views, one line each: for a log, where nothing can be drawn over. */
export function renderChanges(before: RunView | undefined, after: RunView, timeZone?: string): string[] {
  const earlier = new Map(before?.stages.map((stage) => [stage.key, stage]));
  const gatesBefore = new Map(before?.gates.map((gate) => [gate.gate, gate]));
  const lines = [
    ...after.stages.flatMap((stage) => stageChange(earlier.get(stage.key), stage)),
    ...after.gates.flatMap((gate) => gateChange(gatesBefore.get(gate.gate), gate)),
    ...after.undos.slice(before?.undos.length ?? 0).map(({ label, outcome }) => `undo ${outcome}: ${harmless(label)}`),
    ...(before?.status === after.status ? [] : [`run ${after.run.runId} ${after.status}`]),
  ];
  return lines.map((line) => `${clock(after.now, timeZone)}  ${line}`);
}

function stageChange(before: StageRecord | undefined, stage: StageRecord): string[] {
  const waits = waitChange(before, stage);
  const same = before?.status === stage.status && before.turn === stage.turn && before.attempt === stage.attempt;
  if (same || stage.status === 'pending') return waits;
  const counts = stage.turn > 1 || stage.attempt > 1 ? ` (turn ${stage.turn}, try ${stage.attempt})` : '';
  const ended = stage.endedAt !== undefined && stage.startedAt !== undefined;
  const details = [
    ended ? elapsed(stage.startedAt, stage.endedAt) : '',
    stage.by ?? '',
    stage.costUsd === undefined ? '' : money(stage.costUsd),
    stage.note ?? '',
    stage.status === 'failed' || stage.status === 'tolerated' ? (stage.failure?.message ?? '') : '',
  ].filter((text) => text !== '');
  return [
    `${stage.key} ${stage.status}${counts}${details.length > 0 ? `  ${harmless(details.join(' · '))}` : ''}`,
    ...waits,
  ];
}

/** Its prompt joined the queue of a further pool, or a session has it. */
function waitChange(before: StageRecord | undefined, stage: StageRecord): string[] {
  const poolsOf = (record: StageRecord | undefined) => [...new Set(record?.waitsIn?.map(({ pool }) => pool))];
  const [pools, earlier] = [poolsOf(stage), poolsOf(before)];
  if (pools.some((pool) => !earlier.includes(pool))) return [`${stage.key} waits for ${pools.join(' or ')}`];
  const { lease } = stage;
  if (stage.endedAt !== undefined || lease === undefined || lease.id === before?.lease?.id) return [];
  return [`${stage.key} is sent to ${lease.host}/${lease.session}`];
}

function gateChange(earlier: GateRecord | undefined, gate: GateRecord): string[] {
  // A gate that another turn opened is another one.
  const before = earlier?.openedAt === gate.openedAt ? earlier : undefined;
  if (gate.outcome !== undefined) return before?.outcome === undefined ? [`gate ${gate.gate} ${gate.outcome}`] : [];
  return before === undefined ? [`gate ${gate.gate} open for ${approversOf(gate)}: ${harmless(gate.message)}`] : [];
}
