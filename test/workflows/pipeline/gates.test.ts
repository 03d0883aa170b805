import fc from 'fast-check';
import type { GatePolicy } from '../../../contracts/definition';
import { applyDue, nextDue, openGate, vote, type GateDue } from '../../../workflows/pipeline/gates';

const policy = (more: Partial<GatePolicy> = {}): GatePolicy => ({
  approvers: ['*'],
  min: 1,
  onTimeout: 'reject',
  openIn: [],
  ...more,
});
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
        let gate = openGate('g', 1, policy({ min }), '?', 0);
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
    let gate = openGate('g', 1, timed, '?', 0);
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
    const gate = applyDue(openGate('g', 1, timed, '?', 0), timed, 'remind', 1_050);
    expect(nextDue(gate, timed)?.at).toBe(1_100);
  });

  it('keeps waiting for people when no time is set', () => {
    expect(nextDue(openGate('g', 1, policy(), '?', 0), policy())).toBeUndefined();
  });

  it('does nothing at a deadline that comes after the decision', () => {
    const answer = vote(openGate('g', 1, policy({ deadlineMs: 5 }), '?', 0), cast('a', 'approve'));
    const gate = answer.counted ? answer.gate : undefined;
    expect(applyDue(gate!, policy({ deadlineMs: 5 }), 'deadline', 5)).toBe(gate);
  });
});
