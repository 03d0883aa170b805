import fc from 'fast-check';
import type { GatePolicy } from '../../../contracts/definition';
import {
  applyDue,
  describeOutcome,
  nextDue,
  openGate,
  vote,
  withdraw,
  type GateDue,
} from '../../../workflows/pipeline/gates';

const policy = (more: Partial<GatePolicy> = {}): GatePolicy => ({
  approvers: ['*'],
  min: 1,
  onTimeout: 'reject',
  openIn: [],
  ...more,
});
const OPENING = { gate: 'g', turn: 1, message: '?' };
const cast = (who: string, decision: 'approve' | 'reject', at = 1) => ({ who, decision, at });

describe('a gate', () => {
  it('is decided once: whatever is voted, at most one outcome ever stands and later votes change nothing', () => {
    const votes = fc.array(
      fc.record({
        who: fc.constantFrom('a', 'b', 'c', 'd'),
        decision: fc.constantFrom('approve' as const, 'reject' as const),
      }),
    );
    fc.assert(
      fc.property(votes, fc.integer({ min: 1, max: 4 }), (all, min) => {
        let gate = openGate(OPENING, policy({ min }), 0);
        let decidedAs: string | undefined;
        for (const [index, one] of all.entries()) {
          const answer = vote(gate, { ...one, at: index });
          if (answer.counted) gate = answer.gate;
          if (decidedAs !== undefined) expect(gate.outcome).toBe(decidedAs);
          decidedAs ??= gate.outcome;
        }
        const people = new Set(gate.votes.map((one) => one.who));
        expect(people.size).toBe(gate.votes.length);
        if (gate.outcome === 'approved')
          expect(gate.votes.filter((one) => one.decision === 'approve')).toHaveLength(min);
        if (gate.outcome === 'rejected') expect(gate.votes.at(-1)?.decision).toBe('reject');
      }),
    );
  });

  it('does first what is due first, and the deadline before a reminder at the same time', () => {
    const timed = policy({ remindMs: 100, deadlineMs: 200, escalate: { afterMs: 150, to: ['boss'] } });
    let gate = openGate(OPENING, timed, 0);
    const order: [GateDue, number][] = [];
    while (gate.outcome === undefined) {
      const next = nextDue(gate, timed)!;
      order.push([next.due, next.at]);
      gate = applyDue(gate, timed, next.due, next.at);
    }
    expect(order).toEqual([
      ['remind', 100],
      ['escalate', 150],
      ['deadline', 200],
    ]);
    expect(gate.approvers).toEqual(['*', 'boss']);
  });

  it('sends one reminder for all that an outage swallowed', () => {
    const timed = policy({ remindMs: 100 });
    const gate = applyDue(openGate(OPENING, timed, 0), timed, 'remind', 1_050);
    expect(nextDue(gate, timed)?.at).toBe(1_100);
  });

  it('keeps waiting for people when no time is set', () => {
    expect(nextDue(openGate(OPENING, policy(), 0), policy())).toBeUndefined();
  });

  it('does nothing at a deadline that comes after the decision', () => {
    const answer = vote(openGate(OPENING, policy({ deadlineMs: 5 }), 0), cast('a', 'approve'));
    const gate = answer.counted ? answer.gate : undefined;
    expect(applyDue(gate!, policy({ deadlineMs: 5 }), 'deadline', 5)).toBe(gate);
  });

  it('of an agent is answered for good by somebody at its terminal, unless people were faster', () => {
    const open = openGate({ ...OPENING, ask: 'a-1' }, policy(), 0);
    const answered = withdraw(open, 7);
    expect(answered).toMatchObject({ ask: 'a-1', outcome: 'approved', decidedBy: 'terminal', decidedAt: 7 });
    expect(describeOutcome(answered)).toBe("answered at the agent's terminal");
    expect(vote(answered, cast('a', 'reject')).counted).toBe(false);
    const voted = vote(open, cast('a', 'reject'));
    expect(voted.counted && withdraw(voted.gate, 7)).toBe(voted.counted && voted.gate);
  });
});
