import { condition } from '@temporalio/workflow';
import type { GatePolicy, GateStage } from '../../../contracts/definition';
import { formatDuration } from '../../../contracts/duration';
import { renderTemplate } from '../../../contracts/expressions';
import type { StageKey } from '../../../contracts/ids';
import type { GateRecord } from '../../../contracts/run';
import { fault } from '../fault';
import { applyDue, describeOutcome, nextDue, openGate, opensByMode, type GateDue } from '../gates';
import type { StageProduct } from '../run-events';
import type { RunContext } from '../run-context';
import type { Work } from './work-item';

/** People decide. A rejection is a failure of the stage, with the people's words as its evidence. */
export async function runGateStage({ run, key, stage }: Work<GateStage>): Promise<StageProduct> {
  const { gate: policy } = stage;
  const message = policy.message === undefined ? `${key}?` : renderTemplate(policy.message, run.scope(key));
  const gate = await askPeople(run, key, policy, message);
  const comments = gate.votes.flatMap((vote) => (vote.comment === undefined ? [] : [`${vote.who}: ${vote.comment}`]));
  if (gate.outcome === 'rejected') {
    throw fault('Gate.Rejected', `Gate "${key}" was ${describeOutcome(gate)}.`, { inline: comments.join('\n') });
  }
  return {
    output: { outcome: 'approved', by: gate.votes.map((vote) => vote.who), comments },
    by: gate.decidedBy === 'votes' ? gate.votes.map((vote) => vote.who).join(', ') : (gate.decidedBy ?? 'votes'),
    note: describeOutcome(gate),
  };
}

/** Open a gate and wait until it is decided. A gate that was open before continue-as-new keeps its votes and times. */
export async function askPeople(
  run: RunContext,
  key: StageKey,
  policy: GatePolicy,
  message: string,
): Promise<GateRecord> {
  if (run.state.gates[key]?.turn !== run.record(key).turn) open(run, key, policy, message);
  for (;;) {
    const gate = run.state.gates[key]!;
    if (gate.outcome !== undefined) return decided(run, gate);
    const next = nextDue(gate, policy);
    const isDecided = (): boolean => run.state.gates[key]?.outcome !== undefined;
    if (next === undefined) {
      await condition(isDecided);
      continue;
    }
    const wait = Math.max(next.at - Date.now(), 1);
    const cameFirst = await condition(isDecided, wait, {
      summary: `gate ${key}: ${describeDue(next.due)} in ${formatDuration(wait)}`,
    });
    if (!cameFirst) timePasses(run, key, policy, next.due);
  }
}

function open(run: RunContext, key: StageKey, policy: GatePolicy, message: string): void {
  const opened = openGate(key, run.record(key).turn, policy, message, Date.now());
  const byMode = opensByMode(policy, run.input.mode);
  const gate: GateRecord = byMode
    ? { ...opened, outcome: 'approved', decidedAt: Date.now(), decidedBy: 'mode' }
    : opened;
  run.apply({ type: 'gate.changed', gate });
  if (byMode) return;
  const who = `${gate.min} of ${gate.approvers.join(', ')}`;
  run.apply({ type: 'audit', what: 'gate.opened', who: 'gantry', stage: key, text: `${message} (${who})` });
}

function timePasses(run: RunContext, key: StageKey, policy: GatePolicy, due: GateDue): void {
  const gate = applyDue(run.state.gates[key]!, policy, due, Date.now());
  run.apply({ type: 'gate.changed', gate });
  if (due === 'remind') {
    run.apply({
      type: 'audit',
      what: 'gate.reminded',
      who: 'gantry',
      stage: key,
      text: `${gate.approvers.join(', ')}, reminder ${gate.reminders}`,
    });
  }
  if (due === 'escalate') {
    run.apply({
      type: 'audit',
      what: 'gate.escalated',
      who: 'gantry',
      stage: key,
      text: `${gate.approvers.join(', ')} may decide now`,
    });
  }
}

function decided(run: RunContext, gate: GateRecord): GateRecord {
  run.apply({ type: 'audit', what: 'gate.decided', who: 'gantry', stage: gate.gate, text: describeOutcome(gate) });
  return gate;
}

function describeDue(due: GateDue): string {
  switch (due) {
    case 'deadline':
      return 'its deadline decides';
    case 'escalate':
      return 'escalation';
    case 'remind':
      return 'reminder';
  }
}
