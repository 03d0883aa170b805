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
    { kind: 'blocked', what: 'rm', ask: { id: '1', kind: 'permission' } },
    { kind: 'blocked', what: 'mv', ask: { id: '2', kind: 'question' } },
    { kind: 'unblocked', askId: '1' },
    { kind: 'unblocked' },
    { kind: 'spent', request: 'r', usage: { inputTokens: 3 } },
    { kind: 'logged' },
    { kind: 'began' },
    { kind: 'finished', message: 'of another turn', turn: 't' },
    { kind: 'failed', reason: 'of another conversation', message: '', session: 'side' },
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
    expect(reduceTurn(waiting, { kind: 'finished', background: 0, message: 'second' })).toMatchObject({
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

  it('once over stays as it is, but for what it cost, whatever is reported', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), fc.array(anyEvent), (before, later) => {
        const state = after(...before);
        fc.pre(isOver(state));
        const { usage: _, lastRequest: __, logged: ___, ...rest } = later.reduce(reduceTurn, state);
        const { usage: ____, lastRequest: _____, logged: ______, ...expected } = state;
        expect(rest).toEqual(expected);
      }),
    );
  });

  it('is blocked as long as a question waits for its answer, and no longer', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const state = after(...events);
        fc.pre(state.phase !== 'dead' && state.ask !== undefined);
        expect(state.phase).toBe('blocked');
        expect(state.doing).toBe(`asks: ${state.ask.what}`);
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

  const ask = (id: string, what: string): AgentEvent => ({ kind: 'blocked', what, ask: { id, kind: 'permission' } });

  it('goes on when its question has an answer, and asks the next one then', () => {
    const asking = after(accepted, ask('1', 'Bash: rm'), ask('2', 'Bash: mv'));
    expect(asking).toMatchObject({ phase: 'blocked', doing: 'asks: Bash: rm', ask: { id: '1', what: 'Bash: rm' } });
    const next = reduceTurn(asking, { kind: 'unblocked', askId: '1' });
    expect(next).toMatchObject({ phase: 'blocked', doing: 'asks: Bash: mv', ask: { id: '2' } });
    expect(reduceTurn(next, { kind: 'unblocked', askId: '2' })).toMatchObject({ phase: 'busy' });
  });

  it('was answered at the terminal when the work it asked about is seen, and not when other work is', () => {
    const asking = after(accepted, ask('1', 'Bash: rm'));
    expect(reduceTurn(asking, { kind: 'working', what: 'Read: a.txt' }).ask).toMatchObject({ id: '1' });
    expect(reduceTurn(asking, { kind: 'unblocked', askId: 'another' }).phase).toBe('blocked');
    const answered = reduceTurn(asking, { kind: 'working', what: 'Bash: rm' });
    expect(answered).toMatchObject({ phase: 'busy', doing: 'Bash: rm' });
    expect(answered).not.toHaveProperty('ask');
  });

  it('waits for the answer although work of another kind is over and more runs in the background', () => {
    const state = after(accepted, ask('1', 'Bash: rm'), { kind: 'finished', background: 1 });
    expect(state).toMatchObject({ phase: 'blocked', ask: { id: '1' } });
  });

  it('is not about what another conversation or another turn reports', () => {
    const ours: AgentEvent = { kind: 'accepted', session: 's', turn: 't2' };
    const working = after({ kind: 'started', session: 's' }, ours);
    for (const other of [{ session: 'side' }, { turn: 't1' }]) {
      expect(reduceTurn(working, { kind: 'finished', ...other })).toBe(working);
      expect(reduceTurn(working, { kind: 'failed', reason: 'x', message: '', ...other })).toBe(working);
    }
    expect(reduceTurn(working, { kind: 'started', session: 'side' })).toBe(working);
    expect(reduceTurn(working, { kind: 'finished', session: 's', turn: 't2' }).phase).toBe('finished');
  });

  it('does not fail for a turn that was over before it was accepted', () => {
    expect(after({ kind: 'failed', reason: 'x', message: '', turn: 't1' }).phase).toBe('starting');
  });

  it('follows a person into another conversation', () => {
    const state = after({ kind: 'started', session: 's' }, { kind: 'started', session: 'new', anew: true });
    expect(state.agentSession).toBe('new');
  });

  it('counts each request once, as it was told last, and believes a sum more than its parts', () => {
    const spent = (request: string, inputTokens: number): AgentEvent => ({
      kind: 'spent',
      request,
      usage: { inputTokens },
    });
    const counted = after(accepted, spent('a', 1), spent('a', 5), spent('b', 10));
    expect(counted.usage).toEqual({ inputTokens: 15 });
    const finished = reduceTurn(counted, { kind: 'finished' });
    expect(reduceTurn(finished, spent('b', 20)).usage).toEqual({ inputTokens: 25 });
    const told = reduceTurn(counted, { kind: 'finished', usage: { inputTokens: 99 } });
    expect(reduceTurn(told, spent('c', 1)).usage).toEqual({ inputTokens: 99 });
  });
});
