// Votes and deadlines of gates, as pure functions over workflow time.
//
// G1. A gate is decided once. Votes after that change nothing and are answered with what was decided.
// G2. One rejection closes a gate; `min` approvals by different people open it.
// G3. Nobody votes twice: the same vote again is answered as counted, the opposite one is refused.
// G4. Times are counted from `openedAt`, so a gate keeps its deadline across continue-as-new and restarts.
// G5. An agent's question that somebody answers where the agent runs is not asked any more.

import type { GatePolicy, Mode } from '../../contracts/definition';
import type { GateRecord, Vote } from '../../contracts/run';

export interface Opening {
  readonly gate: string;
  readonly turn: number;
  readonly message: string;
  /** The question of an agent that it asks. */
  readonly ask?: string;
}

export function openGate(opening: Opening, policy: GatePolicy, now: number): GateRecord {
  return {
    ...opening,
    approvers: policy.approvers,
    min: policy.min,
    openedAt: now,
    ...(policy.deadlineMs === undefined ? {} : { deadlineAt: now + policy.deadlineMs }),
    ...(policy.escalate === undefined ? {} : { escalatesAt: now + policy.escalate.afterMs }),
    escalated: false,
    reminders: 0,
    votes: [],
  };
}

/** A gate its mode opens without asking anybody. */
export function opensByMode(policy: GatePolicy, mode: Mode): boolean {
  return policy.openIn.includes(mode);
}

/** An answer at the agent's terminal: what it was is the agent's to know. */
export function withdraw(gate: GateRecord, now: number): GateRecord {
  return gate.outcome === undefined ? { ...gate, outcome: 'approved', decidedAt: now, decidedBy: 'terminal' } : gate;
}

export type VoteAnswer =
  | { readonly counted: true; readonly gate: GateRecord; readonly message: string }
  | { readonly counted: false; readonly message: string };

/** Count a vote on an open gate, or say why not. */
export function vote(gate: GateRecord, cast: Vote): VoteAnswer {
  if (gate.outcome !== undefined) {
    return { counted: false, message: `Gate "${gate.gate}" is decided: ${describeOutcome(gate)}.` };
  }
  if (!mayVote(gate, cast.who)) {
    return {
      counted: false,
      message: `${cast.who} may not decide gate "${gate.gate}"; ${gate.approvers.join(', ')} may.`,
    };
  }
  const earlier = gate.votes.find((one) => one.who === cast.who);
  if (earlier !== undefined) {
    const same = earlier.decision === cast.decision;
    const message = same
      ? `${cast.who} has voted to ${cast.decision} already; it is counted.`
      : `${cast.who} has voted to ${earlier.decision} already and cannot take it back.`;
    return { counted: false, message };
  }
  const next = settle({ ...gate, votes: [...gate.votes, cast] }, cast.at);
  return { counted: true, gate: next, message: describeProgress(next) };
}

export function mayVote(gate: GateRecord, who: string): boolean {
  return gate.approvers.includes('*') || gate.approvers.includes(who);
}

function settle(gate: GateRecord, at: number): GateRecord {
  const rejected = gate.votes.some((one) => one.decision === 'reject');
  const approvals = gate.votes.filter((one) => one.decision === 'approve').length;
  if (!rejected && approvals < gate.min) return gate;
  return { ...gate, outcome: rejected ? 'rejected' : 'approved', decidedAt: at, decidedBy: 'votes' };
}

export function describeOutcome(gate: GateRecord): string {
  if (gate.decidedBy === 'deadline') return `${gate.outcome} by its deadline`;
  if (gate.decidedBy === 'mode') return `${gate.outcome} by the run's mode`;
  if (gate.decidedBy === 'terminal') return "answered at the agent's terminal";
  const deciding = gate.outcome === 'rejected' ? 'reject' : 'approve';
  const people = gate.votes.filter((one) => one.decision === deciding).map((one) => one.who);
  return `${gate.outcome} by ${people.join(', ')}`;
}

function describeProgress(gate: GateRecord): string {
  if (gate.outcome !== undefined) return `Gate "${gate.gate}" is ${describeOutcome(gate)}.`;
  const missing = gate.min - gate.votes.length;
  return `Counted. Gate "${gate.gate}" needs ${missing} more approval${missing === 1 ? '' : 's'}.`;
}

/** What time does to a gate. */
export type GateDue = 'deadline' | 'escalate' | 'remind';

/** The next thing that time will do, and when; undefined when the gate waits for people alone. */
export function nextDue(
  gate: GateRecord,
  policy: GatePolicy,
): { readonly due: GateDue; readonly at: number } | undefined {
  const candidates: { due: GateDue; at: number }[] = [];
  if (gate.deadlineAt !== undefined) candidates.push({ due: 'deadline', at: gate.deadlineAt });
  if (gate.escalatesAt !== undefined && !gate.escalated) candidates.push({ due: 'escalate', at: gate.escalatesAt });
  if (policy.remindMs !== undefined) {
    candidates.push({ due: 'remind', at: gate.openedAt + policy.remindMs * (gate.reminders + 1) });
  }
  // On a tie the earlier in this list wins: a gate that ends now needs no reminder.
  return candidates.reduce<(typeof candidates)[number] | undefined>(
    (first, one) => (first === undefined || one.at < first.at ? one : first),
    undefined,
  );
}

/** Apply what time has done. */
export function applyDue(gate: GateRecord, policy: GatePolicy, due: GateDue, now: number): GateRecord {
  if (gate.outcome !== undefined) return gate;
  switch (due) {
    case 'deadline':
      return {
        ...gate,
        outcome: policy.onTimeout === 'approve' ? 'approved' : 'rejected',
        decidedAt: now,
        decidedBy: 'deadline',
      };
    case 'escalate': {
      const added = (policy.escalate?.to ?? []).filter((who) => !gate.approvers.includes(who));
      return { ...gate, escalated: true, approvers: [...gate.approvers, ...added] };
    }
    case 'remind': {
      // After a long outage one reminder stands for all that were missed.
      const passed = Math.floor((now - gate.openedAt) / policy.remindMs!);
      return { ...gate, reminders: Math.max(gate.reminders + 1, passed) };
    }
  }
}
