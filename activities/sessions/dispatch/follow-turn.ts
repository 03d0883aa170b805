import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../failure';
import type { Control, Dispatch } from '../session-backend';
import type { TurnWatch } from './turn-watch';
import { isOver, type TurnState } from '../turn-state';

const LOOK_MS = 150;

/**
 * Wait for an accepted turn to be over. `timeoutMs` counts from its acceptance, over all attempts.
 * Fails: Agent.Crashed, Stage.TimedOut, and as the agent says that it failed.
 */
export async function followTurn(
  dispatch: Dispatch,
  watch: TurnWatch,
  { timeoutMs, control }: { readonly timeoutMs: number; readonly control: Control },
): Promise<TurnState> {
  for (;;) {
    control.signal.throwIfAborted();
    const state = await watch.look();
    control.doing(state.doing);
    if (isOver(state)) return demandSuccess(dispatch, state);
    const { acceptedAt, claimedAt } = dispatch.ledger.receipts();
    if (Date.now() - (acceptedAt ?? claimedAt) > timeoutMs) throw timedOut(dispatch, state, timeoutMs);
    await sleep(LOOK_MS, undefined, { signal: control.signal });
  }
}

function demandSuccess(dispatch: Dispatch, state: TurnState): TurnState {
  if (state.phase === 'finished') return state;
  const { agent, session } = dispatch.ledger.claim;
  if (state.phase === 'failed') {
    const { reason, message } = state.failure ?? { reason: 'unknown', message: '' };
    const { type, advice } = dispatch.kind.classifyFailure({ reason, message });
    const words = message === '' ? reason : `${reason}: ${message}`;
    throw failure(type, `${agent} reported that its turn failed (${words}). ${advice}`);
  }
  if (state.acceptances === 0 && (state.exitCode === 126 || state.exitCode === 127)) throw notFound(dispatch);
  throw crashed(dispatch, `${agent} in ${session} ended while it was at work: ${state.doing}`);
}

// What shells answer for a program that is not there, or that may not be run.
function notFound({ argv, ledger }: Dispatch) {
  const advice = 'Install it, or name its path in the configuration of the worker.';
  return failure(
    'Agent.Unavailable',
    `${ledger.claim.agent}: the program ${argv[0]} cannot be run on this host. ${advice}`,
  );
}

/** Whether the prompt had been accepted decides what a second try may assume, so the message says it. */
function crashed({ ledger }: Dispatch, message: string) {
  const accepted = ledger.receipts().acceptedAt !== undefined;
  const taken = accepted ? 'It had taken the prompt' : 'It had not said that it took the prompt';
  return failure('Agent.Crashed', `${message}. ${taken}; nothing of it runs any more. A new attempt is safe.`);
}

function timedOut({ ledger }: Dispatch, state: TurnState, timeoutMs: number) {
  const { agent, session } = ledger.claim;
  const last = state.phase === 'blocked' ? `It waited for an answer (${state.doing}).` : `Last seen: ${state.doing}.`;
  return failure('Stage.TimedOut', `${agent} in ${session} was stopped after ${timeoutMs / 1000} s. ${last}`);
}
