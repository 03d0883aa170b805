import { ApplicationFailure } from '@temporalio/common';
import type { DispatchAsks, DispatchInput, DispatchResult } from '../../../contracts/activities';
import { isErrorType } from '../../../contracts/errors';
import type { Conversation } from '../../../contracts/sessions';
import { failure, type FailureDetails } from '../../failure';
import { sizeOf } from '../../files/whole-file';
import { outputPath } from '../agent-record';
import { endAgent, keepAgent } from '../agents-at-work';
import type { SessionPorts } from '../ports';
import type { Control, Dispatch, Session } from '../session-backend';
import type { TurnState } from '../turn-state';
import { checkContract } from './check-contract';
import { followTurn } from './follow-turn';
import { hearCosts } from './hear-costs';
import type { Holder } from './holder';
import { isEnd, recall, saveFailure, saveResult } from './outcome';
import type { WorkPlace } from './place';
import { prepareDispatch } from './prepare-dispatch';
import { readOutput } from './read-output';
import { readRedacted } from './redacted-log';
import { watchTurn } from './turn-watch';

export interface DispatchControl extends Control {
  /** Does somebody want the work itself to stop? Otherwise the agent is left at work for the next attempt. */
  readonly stopRequested: () => boolean;
  readonly onOpen: (dispatch: Dispatch) => void;
  readonly onTurn: (state: TurnState, doubt?: string) => void;
}

interface Turn {
  readonly input: DispatchInput;
  readonly dispatch: Dispatch;
  readonly session: Session;
  readonly place: WorkPlace;
  readonly control: DispatchControl;
  readonly ports: SessionPorts;
}

/**
 * One prompt, one agent, one turn. What happened before is read from the dispatch's directory, so that any attempt
 * goes on from wherever the last one died.
 */
export async function dispatchPrompt(
  input: DispatchInput,
  { place, holder, control }: { readonly place: WorkPlace; readonly holder: Holder; readonly control: DispatchControl },
  ports: SessionPorts,
): Promise<DispatchResult | DispatchAsks> {
  const dispatch = await prepareDispatch(input, place, holder, ports);
  control.onOpen(dispatch);
  const session = ports.backends[dispatch.agent.record.backend].session(dispatch);
  const turn: Turn = { input, dispatch, session, place, control, ports };
  let past: DispatchResult | ApplicationFailure | undefined;
  let state: TurnState | undefined;
  const follow = { ...control, onTurn: (now: TurnState, doubt?: string) => control.onTurn((state = now), doubt) };
  try {
    past = await recall(dispatch.dir);
    if (past instanceof ApplicationFailure) throw past;
    if (past) return await finish(turn, past);
    await startAgent(turn);
    const ended = await runTurn({ ...turn, control: follow });
    if ('asks' in ended) return ended;
    await saveResult(dispatch.dir, ended);
    return await finish(turn, ended);
  } catch (error) {
    if (control.signal.aborted) {
      if (control.stopRequested()) await end(turn, true);
      throw control.signal.reason;
    }
    if (!isEnd(error)) throw error;
    const evident = error === past ? error : await withEvidence(error, turn, state);
    await saveFailure(dispatch.dir, evident);
    await end(turn, false); // a key could answer a dialog that it stands at
    await leaveForNextAttempt(turn);
    throw evident;
  }
}

async function startAgent({ dispatch, place, ports }: Turn): Promise<void> {
  const { agent, holder, reused } = dispatch;
  if (!(await holder.isCurrent())) throw new Error('a newer attempt has taken this dispatch over');
  await place.slot.occupy(agent.record);
  if (!reused) await ports.backends[agent.record.backend].start(agent);
}

async function runTurn(turn: Turn): Promise<DispatchResult | DispatchAsks> {
  const { input, dispatch, session, control, ports } = turn;
  const watch = watchTurn(dispatch, session, ports);
  await session.deliver(watch, control);
  const limits = { timeoutMs: input.timeoutMs, stuckMs: input.stuckMs };
  const isAsked = (askId: string): boolean => input.asked.includes(askId);
  const state = await followTurn({ dispatch, session, watch }, control, limits, isAsked);
  if (state.phase === 'blocked' && state.ask !== undefined) return { asks: { ...state.ask, askedAt: Date.now() } };
  control.doing('checks the contract');
  return conclude(turn, await hearCosts(dispatch.agent.kind, watch, state));
}

async function conclude({ input, dispatch, session, place, ports }: Turn, state: TurnState): Promise<DispatchResult> {
  const { storeText, redactor, runCommand } = ports;
  const { agent, ledger } = dispatch;
  const { claim } = ledger;
  const report = await checkContract(
    input,
    { cwd: claim.cwd, start: claim.startHead, workspace: place.workspace },
    {
      runCommand,
      storeText: (text) => storeText(redactor.redact(text)),
    },
  );
  const output = input.output === undefined ? undefined : await readOutput(outputPath(agent.dir), input.output);
  const conversation = await conversationOf(dispatch, state, ports);
  const pushed = await place.publish();
  return {
    receipts: ledger.receipts(),
    backend: claim.backend,
    session: `${ports.host}/${claim.session}`,
    message: await storeText(redactor.redact(state.message ?? '')),
    log: await storeText(readRedacted(session.logPath, redactor, claim.logFrom)),
    ...(output !== undefined && { output: redactor.redactJson(output) }),
    commits: report.commits,
    head: report.head,
    contract: report.summary,
    ...(conversation !== undefined && { conversation }),
    ...(pushed !== undefined && { pushed }),
    ...state.usage,
  };
}

/** What was said, where the agent's program can go on with it: one that was not written down yet is none. */
async function conversationOf(
  { agent, ledger }: Dispatch,
  state: TurnState | undefined,
  ports: SessionPorts,
): Promise<Conversation | undefined> {
  if (state === undefined || state.acceptances === 0 || !agent.kind.resumes) return undefined;
  const id = state.agentSession ?? agent.record.conversation;
  const isWritten = state.transcript === undefined || (await sizeOf(state.transcript)) > 0;
  if (id === undefined || !isWritten) return undefined;
  return { id, agent: ledger.claim.agent, host: ports.host, session: ledger.claim.session };
}

/** The end of a dispatch that ended well: its agent waits for more of the conversation, or goes. */
async function finish(turn: Turn, result: DispatchResult): Promise<DispatchResult> {
  const { input, dispatch, place } = turn;
  const { conversation } = result;
  const isKept = input.keep && conversation !== undefined && dispatch.agent.record.backend === 'tmux';
  if (isKept) await keepAgent(dispatch.agent.dir, conversation.id);
  else await end(turn, false);
  await place.leave({ keep: input.keep && conversation !== undefined });
  return result;
}

/** The next attempt may be on another host. What can not be handed over now stays here, and the failure is the news. */
async function leaveForNextAttempt({ input: { dispatchId }, place, ports }: Turn): Promise<void> {
  await place.publish().catch((error: unknown) => {
    ports.log.info('the work of a failed dispatch could not be handed over', { dispatchId, error });
  });
}

async function end({ dispatch, place, ports }: Turn, interrupt: boolean): Promise<void> {
  const { record } = dispatch.agent;
  await endAgent(record, { interrupt }, ports);
  await place.slot.vacate(record.id);
}

/** The last lines of the terminal, unless the failure brings evidence of its own; and how the work can go on. */
async function withEvidence(
  error: ApplicationFailure,
  { dispatch, session, ports }: Turn,
  state: TurnState | undefined,
): Promise<ApplicationFailure> {
  const { storeText, redactor } = ports;
  const details = (error.details?.[0] ?? {}) as FailureDetails;
  const tail = details.evidence === undefined ? redactor.redact(await session.tail()).trim() : '';
  const conversation = await conversationOf(dispatch, state, ports);
  return failure(isErrorType(error.type) ? error.type : 'Agent.Failed', redactor.redact(error.message), {
    ...details,
    ...(tail !== '' && { evidence: await storeText(tail) }),
    ...(conversation !== undefined && { conversation }),
  });
}
