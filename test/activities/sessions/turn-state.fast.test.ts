import fc from 'fast-check';
import { INITIAL_TURN, isOver, reduceTurn, type AgentEvent } from '../../../activities/sessions/turn-state';

const after = (...events: readonly AgentEvent[]) => events.reduce(reduceTurn, INITIAL_TURN);
const accepted: AgentEvent = { kind: 'accepted' };

const anyEvent: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.constantFrom<AgentEvent>(
    { kind: 'started', session: 's' },
    { kind: 'ready' },
    accepted,
    { kind: 'working', what: 'Edit' },
    { kind: 'said', message: 'm' },
    { kind: 'blocked', what: 'rm' },
    { kind: 'finished', message: 'done' },
    { kind: 'finished', background: 2 },
    { kind: 'failed', reason: 'rate_limit', message: '' },
    { kind: 'interrupted' },
    { kind: 'ended', how: 'gone' },
  ),
);

describe('the state of a turn', () => {
  it('goes from starting to finished', () => {
    const phases = [
      { kind: 'started', session: 's' } as const,
      { kind: 'ready' } as const,
      accepted,
      { kind: 'working', what: 'Edit' } as const,
      { kind: 'blocked', what: 'Bash: rm' } as const,
      { kind: 'working', what: 'Bash: rm' } as const,
      { kind: 'finished', message: 'done' } as const,
    ].map((_, index, all) => after(...all.slice(0, index + 1)).phase);
    expect(phases).toEqual(['starting', 'ready', 'accepted', 'busy', 'blocked', 'busy', 'finished']);
  });

  it('is not finished by an end that came before any acceptance', () => {
    expect(after({ kind: 'finished' }).phase).toBe('starting');
    expect(after({ kind: 'ready' }, { kind: 'finished' }, accepted).phase).toBe('accepted');
  });

  it('is not over while the agent runs something in the background', () => {
    const waiting = after(accepted, { kind: 'finished', background: 1, message: 'first' });
    expect(waiting).toMatchObject({ phase: 'busy', message: 'first' });
    expect(reduceTurn(waiting, { kind: 'finished', message: 'second' })).toMatchObject({
      phase: 'finished',
      message: 'second',
    });
  });

  it('has failed when the agent says so, even before it took the prompt', () => {
    expect(after({ kind: 'failed', reason: 'authentication_failed', message: 'log in' })).toMatchObject({
      phase: 'failed',
      failure: { reason: 'authentication_failed' },
    });
  });

  it('has failed when a person interrupted it, and is idle when there was nothing to interrupt', () => {
    expect(after(accepted, { kind: 'interrupted' })).toMatchObject({
      phase: 'failed',
      failure: { reason: 'interrupted' },
    });
    expect(after({ kind: 'ready' }, { kind: 'interrupted' }).phase).toBe('idle');
  });

  it('is dead when the process ended first, and finished when the turn did', () => {
    expect(after(accepted, { kind: 'ended', how: 'gone' }).phase).toBe('dead');
    expect(after(accepted, { kind: 'finished' }, { kind: 'ended', how: 'gone' }).phase).toBe('finished');
  });

  it('once over stays as it is, whatever is reported', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), fc.array(anyEvent), (before, later) => {
        const state = after(...before);
        fc.pre(isOver(state));
        expect(later.reduce(reduceTurn, state)).toBe(state);
      }),
    );
  });

  it('is never finished without an acceptance', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const state = after(...events);
        return state.phase !== 'finished' || state.acceptances > 0;
      }),
    );
  });

  it('is always over once the process has ended', () => {
    fc.assert(fc.property(fc.array(anyEvent), (events) => isOver(after(...events, { kind: 'ended', how: 'gone' }))));
  });
});
