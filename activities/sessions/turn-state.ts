/** What an agent reports of itself, or what is seen of it from outside, in the words of one vocabulary. */
export type AgentEvent =
  | { readonly kind: 'started'; readonly session?: string }
  | { readonly kind: 'ready' }
  /** It took a prompt: ours, as far as the caller could tell. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'working'; readonly what: string }
  | { readonly kind: 'said'; readonly message: string }
  /** It asks something and waits. */
  | { readonly kind: 'blocked'; readonly what: string }
  /** `background` counts what it still runs: then the turn is not over, and another event follows. */
  | { readonly kind: 'finished'; readonly message?: string; readonly background?: number; readonly usage?: Usage }
  /** How much it runs in the background now, for agents that do not say so with each end. */
  | { readonly kind: 'background'; readonly running: number }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string; readonly usage?: Usage }
  | { readonly kind: 'interrupted' }
  /** Its process, or its terminal, is gone. */
  | { readonly kind: 'ended'; readonly how: string; readonly exitCode?: number };

export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly costUsd?: number;
}

export type Phase = 'starting' | 'ready' | 'idle' | 'accepted' | 'busy' | 'blocked' | 'finished' | 'failed' | 'dead';

export interface TurnState {
  readonly phase: Phase;
  /** Prompts taken; more than one means that a person typed too. */
  readonly acceptances: number;
  /** The agent itself has reported something: its events work here. */
  readonly spoke: boolean;
  /** One line for people. */
  readonly doing: string;
  readonly message?: string;
  readonly usage?: Usage;
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly agentSession?: string;
  readonly background?: number;
  /** Of a process that ended before its turn did. */
  readonly exitCode?: number;
}

export const INITIAL_TURN: TurnState = { phase: 'starting', acceptances: 0, spoke: false, doing: 'starting' };

/** Is there nothing more to wait for? */
export function isOver(state: TurnState): boolean {
  return state.phase === 'finished' || state.phase === 'failed' || state.phase === 'dead';
}

/**
 * T1. A turn is over once; what is reported afterwards changes nothing.
 * T2. It finishes only if it was accepted: an earlier "finished" belongs to something else. A failure always counts.
 * T3. The end of the process is not the end of the turn; a turn without one of its own has died.
 */
export function reduceTurn(state: TurnState, event: AgentEvent): TurnState {
  if (isOver(state)) return state;
  const next = apply(state, event);
  return event.kind === 'ended' || next === state ? next : { ...next, spoke: true };
}

function apply(state: TurnState, event: AgentEvent): TurnState {
  switch (event.kind) {
    case 'started':
      return { ...state, ...(event.session !== undefined && { agentSession: event.session }) };
    case 'ready':
      return state.acceptances > 0 ? state : { ...state, phase: 'ready', doing: 'ready for the prompt' };
    case 'accepted':
      return { ...state, phase: 'accepted', acceptances: state.acceptances + 1, doing: 'took the prompt' };
    case 'working':
      return state.acceptances > 0 ? { ...state, phase: 'busy', doing: event.what } : state;
    case 'said':
      return { ...state, message: event.message };
    case 'blocked':
      return { ...state, phase: 'blocked', doing: `asks: ${event.what}` };
    case 'background':
      return { ...state, background: event.running };
    case 'finished':
      return finish(state, event);
    case 'failed':
      return {
        ...state,
        phase: 'failed',
        doing: `failed: ${event.reason}`,
        failure: { reason: event.reason, message: event.message },
        ...(event.usage && { usage: event.usage }),
      };
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

function finish(state: TurnState, event: AgentEvent & { kind: 'finished' }): TurnState {
  if (state.acceptances === 0) return state;
  const heard = {
    ...state,
    ...(event.message !== undefined && { message: event.message }),
    ...(event.usage && { usage: event.usage }),
  };
  const background = event.background ?? state.background ?? 0;
  if (background > 0) return { ...heard, phase: 'busy', doing: `${background} running in the background` };
  return { ...heard, phase: 'finished', doing: 'finished' };
}

function interrupt(state: TurnState): TurnState {
  if (state.acceptances === 0) return { ...state, phase: 'idle', doing: 'idle' };
  const message = 'Somebody interrupted the turn at the terminal.';
  return { ...state, phase: 'failed', doing: 'interrupted', failure: { reason: 'interrupted', message } };
}
