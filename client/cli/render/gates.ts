import type { GateRecord } from '../../../contracts/run';
import { approversOf } from '../../runs/approvers';
import type { OpenGate } from '../../runs/decide-gate';
import { elapsed, moment } from './figures';
import { harmless, type Paint } from './paint';

/** What is asked, of whom, until when, and the command that answers. */
export function renderGates(
  runId: string,
  gates: readonly OpenGate[],
  options: { readonly paint: Paint; readonly at: number; readonly timeZone?: string },
): string[] {
  return gates.flatMap(({ gate, name }) => {
    const { paint } = options;
    return [
      `${paint.yellow('⏸')} ${paint.bold(name)} waits for ${gateLine(gate, options)}`,
      ...(gate.message === '' ? [] : gate.message.split('\n').map((line) => `   ${harmless(line)}`)),
      `   ${paint.cyan(`gantry approve ${runId} ${name}`)}   or   ${paint.cyan(`gantry reject ${runId} ${name} --comment "why"`)}`,
    ];
  });
}

/** `2 of lead, release-manager and qa · 1 of 2 (ann) · open 3m 10s · until 14:10`. */
export function gateLine(
  gate: GateRecord,
  { at, timeZone }: { readonly at: number; readonly timeZone?: string },
): string {
  const approvals = gate.votes.filter(({ decision }) => decision === 'approve').map(({ who }) => who);
  const progress =
    gate.min > 1 ? `${approvals.length} of ${gate.min}${approvals.length > 0 ? ` (${approvals.join(', ')})` : ''}` : '';
  return [
    harmless(approversOf(gate)),
    progress,
    `open ${elapsed(gate.openedAt, at)}`,
    gate.deadlineAt === undefined ? '' : `until ${moment(gate.deadlineAt, at, timeZone)}`,
    gate.escalated ? 'escalated' : '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
