import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import { failure, type FailureDetails } from '../../failure';
import { watchFolders } from '../../files/folder-watch';
import { modifiedAt } from '../../files/whole-file';
import { journalPath, processDir } from '../agent-record';
import type { Control, Dispatch, Session, TurnWatch } from '../session-backend';
import { isOver, type TurnState } from '../turn-state';

/** Between two looks when nothing tells that there is something to see. */
const LOOK_MS = 2_000;
/** An agent that writes all the time is not looked at all the time. */
const REST_MS = 25;

export interface FollowLimits {
  readonly timeoutMs: number;
  readonly stuckMs: number;
}

/**
 * Wait for an accepted turn to be over, or to ask something that nobody was asked yet. `timeoutMs` counts from its
 * acceptance, over all attempts. Fails: Agent.Crashed, Agent.Stuck, Stage.TimedOut, and as the agent says it failed.
 */
export async function followTurn(
  { dispatch, session, watch }: { readonly dispatch: Dispatch; readonly session: Session; readonly watch: TurnWatch },
  control: Control & { readonly onTurn: (state: TurnState, doubt?: string) => void },
  limits: FollowLimits,
  isAsked: (askId: string) => boolean,
): Promise<TurnState> {
  const { dir } = dispatch.agent;
  const changes = watchFolders({ [dir]: ['events.jsonl'], [processDir(dir)]: ['exit'] });
  try {
    for (;;) {
      control.signal.throwIfAborted();
      const state = await watch.look();
      control.onTurn(state, watch.doubt());
      if (isOver(state)) return demandSuccess(dispatch, state);
      if (state.ask !== undefined && !isAsked(state.ask.id)) return state;
      await demandTime({ dispatch, session, watch, state }, limits);
      await changes.next(LOOK_MS, control.signal);
      await sleep(REST_MS, undefined, { signal: control.signal });
    }
  } finally {
    changes.close();
  }
}

async function demandTime(
  seen: { dispatch: Dispatch; session: Session; watch: TurnWatch; state: TurnState },
  { timeoutMs, stuckMs }: FollowLimits,
): Promise<void> {
  const { dispatch, state } = seen;
  const { acceptedAt, claimedAt } = dispatch.ledger.receipts();
  const since = acceptedAt ?? claimedAt;
  if (Date.now() - since > timeoutMs) throw timedOut(dispatch, state, timeoutMs);
  if (state.phase === 'blocked' || Date.now() - since <= stuckMs) return; // it waits for people, who have a deadline
  if (Date.now() - Math.max(since, await lastProgressAt(seen)) > stuckMs) throw stuck(dispatch, state, stuckMs);
}

/** When it last reported something; an agent that reports nothing is judged by what it prints. */
async function lastProgressAt({
  dispatch,
  session,
  watch,
  state,
}: {
  dispatch: Dispatch;
  session: Session;
  watch: TurnWatch;
  state: TurnState;
}) {
  const isSilent = dispatch.agent.record.backend === 'headless' || !state.spoke;
  const transcript = watch.transcript();
  const paths = [
    journalPath(dispatch.agent.dir),
    ...(transcript === undefined ? [] : [transcript]),
    ...(isSilent ? [session.logPath] : []),
  ];
  const times = await Promise.all(paths.map(modifiedAt));
  return Math.max(...times);
}

function demandSuccess(dispatch: Dispatch, state: TurnState): TurnState {
  if (state.phase === 'finished') return state;
  const { agent, session } = dispatch.ledger.claim;
  if (state.phase === 'failed') {
    const { reason, message } = state.failure ?? { reason: 'unknown', message: '' };
    const { type, advice, resetsAt } = dispatch.agent.kind.classifyFailure({ reason, message }, Date.now());
    const words = message === '' ? reason : `${reason}: ${message}`;
    const details: FailureDetails = resetsAt === undefined ? {} : { resetsAt };
    throw failure(type, `${agent} reported that its turn failed (${words}). ${advice}`, details);
  }
  if (state.acceptances === 0 && (state.exitCode === 126 || state.exitCode === 127)) throw notFound(dispatch);
  throw crashed(dispatch, `${agent} in ${session} ended while it was at work: ${state.doing}`);
}

// What shells answer for a program that is not there, or that may not be run.
function notFound({ agent, ledger }: Dispatch): ApplicationFailure {
  const advice = 'Install it, or name its path in the configuration of the worker.';
  return failure(
    'Agent.Unavailable',
    `${ledger.claim.agent}: the program ${agent.argv[0]} cannot be run on this host. ${advice}`,
  );
}

/** Whether the prompt had been accepted decides what a second try may assume, so the message says it. */
function crashed({ ledger }: Dispatch, message: string): ApplicationFailure {
  const accepted = ledger.receipts().acceptedAt !== undefined;
  const taken = accepted ? 'It had taken the prompt' : 'It had not said that it took the prompt';
  return failure('Agent.Crashed', `${message}. ${taken}; nothing of it runs any more. A new attempt is safe.`);
}

function timedOut({ ledger }: Dispatch, state: TurnState, timeoutMs: number): ApplicationFailure {
  const { agent, session } = ledger.claim;
  const last = state.phase === 'blocked' ? `It waited for an answer (${state.doing}).` : `Last seen: ${state.doing}.`;
  return failure('Stage.TimedOut', `${agent} in ${session} was stopped after ${timeoutMs / 1000} s. ${last}`);
}

function stuck({ ledger }: Dispatch, state: TurnState, stuckMs: number): ApplicationFailure {
  const { agent, session } = ledger.claim;
  const what = `${agent} in ${session} showed no progress for ${stuckMs / 1000} s and was stopped`;
  return failure('Agent.Stuck', `${what}. Last seen: ${state.doing}. The next attempt goes on where it was.`);
}
