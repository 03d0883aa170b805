import { addAsk, settleAsks, type Asks } from './turn-asks';
import type { AgentEvent } from './turn-events';
import { countRequest, forgetRequests, type Spending } from './turn-usage';

export type { AgentEvent, Origin } from './turn-events';
export type { Usage } from './turn-usage';

export type Phase = 'starting' | 'ready' | 'idle' | 'accepted' | 'busy' | 'blocked' | 'finished' | 'failed' | 'dead';

export interface TurnState extends Asks, Spending {
  readonly phase: Phase;
  /** Prompts taken; more than one means that a person typed too. */
  readonly acceptances: number;
  /** The agent itself has reported something: its events work here. */
  readonly spoke: boolean;
  /** One line for people. */
  readonly doing: string;
  readonly message?: string;
  readonly failure?: { readonly reason: string; readonly message: string };
  /** The agent's own id of its conversation. */
  readonly agentSession?: string;
  /** The agent's own id of the turn that took our prompt. */
  readonly turn?: string;
  readonly transcript?: string;
  readonly background?: number;
  /** The turn is over, and its transcript has told all that it cost. */
  readonly logged?: boolean;
  /** Of a process that ended before its turn did. */
  readonly exitCode?: number;
}

export const INITIAL_TURN: TurnState = { phase: 'starting', acceptances: 0, spoke: false, doing: 'starting' };

/** Is there nothing more to wait for? */
export function isOver(state: TurnState): boolean {
  return state.phase === 'finished' || state.phase === 'failed' || state.phase === 'dead';
}

/**
 * T1. A turn is over once; what is reported afterwards changes nothing but what it has cost.
 * T2. It finishes only if it was accepted: an earlier "finished" belongs to something else. A failure always counts.
 * T3. The end of the process is not the end of the turn; a turn without one of its own has died.
 * T4. What another conversation, or another turn of the same one, reports is not about this turn.
 * T5. It waits for an answer until that very question has one, or the very work it was about is seen to go on: tools
 *     run beside each other, and one may work while another one asks. A question without an id ends with any work.
 * T6. A request to the model is counted once, with the figures that were told last.
 */
export function reduceTurn(state: TurnState, event: AgentEvent): TurnState {
  if (isForeign(state, event)) return state;
  if (isOver(state)) return closeAccounts(state, event);
  const next = apply(state, event);
  return event.kind === 'ended' || next === state ? next : { ...next, spoke: true };
}

function closeAccounts(state: TurnState, event: AgentEvent): TurnState {
  if (event.kind === 'spent') return countRequest(state, event.request, event.usage);
  return event.kind === 'logged' ? { ...state, logged: true } : state;
}

function isForeign(state: TurnState, event: AgentEvent): boolean {
  const { session, turn } = event;
  const strayed = session !== undefined && state.agentSession !== undefined && session !== state.agentSession;
  if (event.kind === 'started') return strayed && event.anew !== true;
  if (strayed) return true;
  if (turn === undefined || event.kind === 'accepted') return false;
  return state.acceptances === 0 || (state.turn !== undefined && turn !== state.turn);
}

function apply(state: TurnState, event: AgentEvent): TurnState {
  switch (event.kind) {
    case 'started':
      return start(state, event);
    case 'ready':
      if (state.acceptances > 0 || state.ask !== undefined) return state;
      return { ...state, phase: 'ready', doing: 'ready for the prompt' };
    case 'accepted':
      return accept(state, event);
    case 'working':
      return work(state, event.what);
    case 'said':
      return { ...state, message: event.message };
    case 'blocked':
      return block(state, event);
    case 'unblocked':
      return unblock(state, event.askId);
    case 'background':
      return { ...state, background: event.running };
    case 'logged':
      return state; // of an earlier turn
    case 'began':
      return forgetRequests(state);
    case 'spent':
      return state.acceptances > 0 ? countRequest(state, event.request, event.usage) : state;
    case 'finished':
      return finish(state, event);
    case 'failed':
      return fail(state, event);
    case 'interrupted':
      return interrupt(state);
    case 'ended':
      return {
        ...state,
        phase: 'dead',
        doing: event.how,
        ...(event.exitCode !== undefined && { exitCode: event.exitCode }),
      };
  }
}

function start(state: TurnState, { session, transcript }: AgentEvent & { kind: 'started' }): TurnState {
  return {
    ...state,
    ...(session !== undefined && { agentSession: session }),
    ...(transcript !== undefined && { transcript }),
  };
}

function accept(state: TurnState, { turn }: AgentEvent): TurnState {
  const acceptances = state.acceptances + 1;
  const taken = { ...state, acceptances, ...(turn !== undefined && { turn }) };
  // Its files are read one after the other: what it asks may be read before what it was asked.
  if (state.ask !== undefined) return taken;
  return { ...taken, phase: 'accepted', doing: 'took the prompt' };
}

function work(state: TurnState, what: string): TurnState {
  if (state.acceptances === 0) return state;
  return goOn(
    settleAsks(state, (ask) => ask.what === what),
    what,
  );
}

function block(state: TurnState, { what, ask }: AgentEvent & { kind: 'blocked' }): TurnState {
  const asking = ask === undefined ? state : addAsk(state, { ...ask, what });
  return { ...asking, phase: 'blocked', doing: `asks: ${asking.ask?.what ?? what}` };
}

function unblock(state: TurnState, askId: string | undefined): TurnState {
  if (state.phase !== 'blocked') return state;
  const settled = settleAsks(state, (ask) => askId === undefined || ask.id === askId);
  return goOn(settled, 'was answered');
}

function goOn(state: TurnState, what: string): TurnState {
  if (state.ask !== undefined) return { ...state, phase: 'blocked', doing: `asks: ${state.ask.what}` };
  return { ...state, phase: state.acceptances > 0 ? 'busy' : 'starting', doing: what };
}

function finish(state: TurnState, event: AgentEvent & { kind: 'finished' }): TurnState {
  if (state.acceptances === 0) return state;
  const heard = {
    ...state,
    ...(event.background !== undefined && { background: event.background }),
    ...(event.message !== undefined && { message: event.message }),
    ...(event.usage && { usage: event.usage, toldUsage: true }),
  };
  const background = event.background ?? state.background ?? 0;
  if (background > 0) return goOn(heard, `${background} running in the background`);
  return { ...settleAsks(heard, () => true), phase: 'finished', doing: 'finished' };
}

function fail(state: TurnState, { reason, message, usage }: AgentEvent & { kind: 'failed' }): TurnState {
  return {
    ...settleAsks(state, () => true),
    phase: 'failed',
    doing: `failed: ${reason}`,
    failure: { reason, message },
    ...(usage && { usage, toldUsage: true }),
  };
}

function interrupt(state: TurnState): TurnState {
  if (state.acceptances === 0) return { ...settleAsks(state, () => true), phase: 'idle', doing: 'idle' };
  return fail(state, {
    kind: 'failed',
    reason: 'interrupted',
    message: 'Somebody interrupted the turn at the terminal.',
  });
}
