import { condition } from '@temporalio/workflow';
import type { GatePolicy } from '../../contracts/definition';
import { formatDuration } from '../../contracts/duration';
import type { StageKey } from '../../contracts/ids';
import type { GateRecord } from '../../contracts/run';
import { applyDue, describeOutcome, nextDue, openGate, opensByMode, type GateDue } from './gates';
import type { RunContext } from './run-context';
import { giveBackForNow } from './run-purse';

export interface Question {
  readonly key: StageKey;
  readonly gate: string;
  readonly policy: GatePolicy;
  readonly message: string;
  /** The question of an agent: another one asks anew. */
  readonly ask?: string;
}

/** Open a gate and wait until it is decided. A gate that was open before continue-as-new keeps its votes and times. */
export async function askPeople(run: RunContext, question: Question): Promise<GateRecord> {
  const { gate: name, policy } = question;
  if (!isAsked(run, question)) open(run, question);
  for (;;) {
    const gate = run.state.gates[name]!;
    if (gate.outcome !== undefined) return decided(run, question, gate);
    const next = nextDue(gate, policy);
    const isDecided = (): boolean => run.state.gates[name]?.outcome !== undefined;
    if (next === undefined) {
      await condition(isDecided);
      continue;
    }
    const wait = Math.max(next.at - Date.now(), 1);
    const cameFirst = await condition(isDecided, wait, {
      summary: `gate ${name}: ${describeDue(next.due)} in ${formatDuration(wait)}`,
    });
    if (!cameFirst) timePasses(run, question, next.due);
  }
}

function isAsked(run: RunContext, { key, gate, ask }: Question): boolean {
  const known = run.state.gates[gate];
  return known !== undefined && known.turn === run.record(key).turn && known.ask === ask;
}

function open(run: RunContext, { key, gate: name, policy, message, ask }: Question): void {
  const opening = { gate: name, turn: run.record(key).turn, message, ...(ask === undefined ? {} : { ask }) };
  const opened = openGate(opening, policy, Date.now());
  const byMode = opensByMode(policy, run.input.mode);
  const gate: GateRecord = byMode
    ? { ...opened, outcome: 'approved', decidedAt: Date.now(), decidedBy: 'mode' }
    : opened;
  run.apply({ type: 'gate.changed', gate });
  if (byMode) return;
  void giveBackForNow(run);
  const who = `${gate.min} of ${gate.approvers.join(', ')}`;
  run.apply({ type: 'audit', what: 'gate.opened', who: 'gantry', stage: key, text: `${message} (${who})` });
}

function timePasses(run: RunContext, { key, gate: name, policy }: Question, due: GateDue): void {
  const gate = applyDue(run.state.gates[name]!, policy, due, Date.now());
  run.apply({ type: 'gate.changed', gate });
  const who = gate.approvers.join(', ');
  if (due === 'remind') {
    const text = `${who}, reminder ${gate.reminders}`;
    run.apply({ type: 'audit', what: 'gate.reminded', who: 'gantry', stage: key, text });
  }
  if (due === 'escalate') {
    run.apply({ type: 'audit', what: 'gate.escalated', who: 'gantry', stage: key, text: `${who} may decide now` });
  }
}

function decided(run: RunContext, { key }: Question, gate: GateRecord): GateRecord {
  run.apply({ type: 'audit', what: 'gate.decided', who: 'gantry', stage: key, text: describeOutcome(gate) });
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
