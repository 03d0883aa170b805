import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  isCancellation,
} from '@temporalio/workflow';
import type { DispatchInput, DispatchResult } from '../../../contracts/activities';
import type { AgentStage } from '../../../contracts/definition';
import type { ErrorType } from '../../../contracts/errors';
import { dispatchId } from '../../../contracts/ids';
import type { Workspace } from '../../../contracts/run';
import type { Conversation, Lease } from '../../../contracts/sessions';
import { Fault, toFault } from '../fault';
import type { Work } from '../stages/work-item';
import { hostOf } from './activities';
import { isElsewhere, publishBranch, receiveWork } from './elsewhere';
import { giveBack } from './give-back';
import { leaseSession } from './lease-session';
import { canResume, conversationToResume, rememberFailure, rememberResult } from './memory';
import { Questions } from './questions';

/** How often one attempt may lose its lease before its prompt was sent. */
const LEASES_PER_ATTEMPT = 10;

/** The activity ends a turn at the stage's timeout, counted from when the agent took the prompt: this is behind it. */
const BESIDES_THE_TURN_MS = 10 * 60_000;

/** How long an agent's turn may stand still for an answer that has no deadline. */
const ANSWER_AT_MOST_MS = 30 * 24 * 60 * 60_000;

export interface Sent {
  readonly lease: Lease;
  readonly result: DispatchResult;
}

export type Dispatch = Omit<DispatchInput, 'dispatchId' | 'lease' | 'resume' | 'asked'>;

/**
 * One prompt to one session, and its turn. Sending is exactly once: the id is made here, and every retry looks for
 * what it did.
 * @param prepare What to send, to an agent that goes on in a conversation or begins one.
 */
export async function sendPrompt(
  work: Work<AgentStage>,
  workspace: Workspace | undefined,
  prepare: (resume: Conversation | undefined) => Dispatch,
): Promise<Sent> {
  const { run, key } = work;
  const { turn, attempt } = run.record(key);
  const id = dispatchId(run.runId, key, turn, attempt);
  const known = conversationToResume(work);
  const prefer = known === undefined ? undefined : { host: known.host, session: known.session };
  const since = Math.min(Date.now(), ...(run.record(key).waitsIn ?? []).map((place) => place.since));
  const wanted = {
    dispatchId: id,
    since,
    joined: new Map<string, number>(),
    ...(prefer === undefined ? {} : { prefer }),
  };
  for (let leases = 1; ; leases += 1) {
    const lease = await leaseSession(work, wanted);
    let sent = false;
    try {
      const resume = canResume(known, lease) ? known : undefined;
      if (isElsewhere(lease, workspace)) await publishBranch(work, workspace);
      const input = { ...prepare(resume), dispatchId: id, lease, ...(resume === undefined ? {} : { resume }) };
      if (resume !== undefined) tellResumed(work, resume);
      sent = true;
      const result = await takeTurn(work, input);
      rememberResult(work, result);
      if (workspace !== undefined) await receiveWork(work, workspace, result);
      return { lease, result };
    } catch (error) {
      // Nobody else would free it before it lapses.
      if (!sent || isCancellation(error)) giveBack(run, key, lease);
      if (isFailure(error, 'Session.LeaseLost') && leases < LEASES_PER_ATTEMPT) continue;
      throw await explained(work, lease, workspace, error, sent);
    }
  }
}

/** From the prompt to the end of the turn, with all that the agent asks in between. */
async function takeTurn(work: Work<AgentStage>, input: Omit<DispatchInput, 'asked'>): Promise<DispatchResult> {
  const { run, key, stage } = work;
  const { lease } = input;
  const questions = new Questions(work, lease, input.dispatchId);
  let finished = false;
  try {
    for (;;) {
      const { asked } = questions;
      const forPeople = asked.length === 0 ? 0 : (stage.questions.deadlineMs ?? ANSWER_AT_MOST_MS);
      const { dispatchPrompt } = hostOf(run, lease, `${lease.session} on ${lease.host}: ${key}`, {
        startToCloseTimeout: stage.timeoutMs + BESIDES_THE_TURN_MS + forPeople,
      });
      const answer = await dispatchPrompt({ ...input, asked });
      finished = !('asks' in answer);
      if (!('asks' in answer)) return answer;
      questions.ask(answer.asks);
    }
  } finally {
    await questions.end(finished);
  }
}

function tellResumed({ run, key }: Work, { id, session, host }: Conversation): void {
  const text = `goes on in conversation ${id} of ${session} on ${host}`;
  run.apply({ type: 'audit', what: 'prompt.resumed', who: 'gantry', stage: key, text });
}

/** What went wrong, once nothing of the dispatch can work on. */
async function explained(
  work: Work<AgentStage>,
  lease: Lease,
  workspace: Workspace | undefined,
  error: unknown,
  sent: boolean,
): Promise<unknown> {
  const timeout = timeoutOf(error);
  const isLost = timeout === 'SCHEDULE_TO_START' || timeout === 'HEARTBEAT';
  if (isLost) tellLost(work, lease);
  if (timeout !== undefined || (sent && isCancellation(error))) await fence(work, lease, workspace);
  if (isCancellation(error)) return error;
  const fault = isLost ? hostLost(lease, toFault(error)) : toFault(error);
  rememberFailure(work, lease, fault);
  return fault;
}

function tellLost({ run, key }: Work, lease: Lease): void {
  const text = `${lease.host} with ${lease.session} does not answer`;
  run.apply({ type: 'audit', what: 'host.lost', who: 'gantry', stage: key, text });
}

/**
 * A host that is gone has left its agent at work, in a worktree that another attempt is to work in or that is about to
 * be removed; and Temporal answers a cancel for it, as if it had ended what it was at. Not even a cancel comes first.
 */
async function fence({ run, key }: Work, lease: Lease, workspace: Workspace | undefined): Promise<void> {
  if (workspace === undefined) return;
  await CancellationScope.nonCancellable(async () => {
    const { fenceDispatch } = run.activities(`${key}: end what ${lease.host} left behind`);
    await fenceDispatch({ run: run.input.run, workspace });
  });
}

function hostLost(lease: Lease, { told }: Fault): Fault {
  const message = `Host ${lease.host} does not answer any more; ${lease.session} had the prompt.`;
  return new Fault({ type: 'Host.Lost', message }, undefined, told);
}

function timeoutOf(error: unknown): TimeoutFailure['timeoutType'] | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure ? cause.timeoutType : undefined;
}

function isFailure(error: unknown, type: ErrorType): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type === type;
}
