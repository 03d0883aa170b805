import { hostname } from 'node:os';
import type { ApplicationFailure } from '@temporalio/common';
import type { DispatchInput, DispatchResult } from '../../../contracts/activities';
import { failure } from '../../failure';
import type { SessionPorts } from '../session-activities';
import { journalPath, outputPath } from '../agent-environment';
import { checkContract } from './check-contract';
import { followTurn } from './follow-turn';
import type { Holder } from './holder';
import { isEnd, recallOutcome, saveFailure, saveResult } from './outcome';
import { prepareDispatch, sessionName } from './prepare-dispatch';
import { readOutput } from './read-output';
import { keepRedacted, readRedacted } from './redacted-log';
import type { Control, Dispatch, Session, SessionBackend } from '../session-backend';
import type { TurnState } from '../turn-state';
import { watchTurn } from './turn-watch';

export interface DispatchControl extends Control {
  /** Does somebody want the work itself to stop? Otherwise the agent is left at work for the next attempt. */
  readonly stopRequested: () => boolean;
  readonly onOpen: (dispatch: Dispatch) => void;
}

/**
 * One prompt, one agent, one turn. What happened before is read from the dispatch's directory, so that any attempt
 * goes on from wherever the last one died.
 */
export async function dispatchPrompt(
  input: DispatchInput,
  { holder, control }: { readonly holder: Holder; readonly control: DispatchControl },
  ports: SessionPorts,
): Promise<DispatchResult> {
  const dispatch = await prepareDispatch(input, holder, ports);
  control.onOpen(dispatch);
  const backend = ports.backends[dispatch.ledger.claim.backend];
  const end = (interrupt: boolean) =>
    backend.end(sessionName(dispatch.dir, dispatch.ledger.claim, ports.agents), { interrupt });
  const past = await recallOutcome(dispatch.dir);
  if (past) {
    await end(false);
    return past;
  }
  let session: Session | undefined;
  try {
    session = await openSession(backend, dispatch);
    const result = await runTurn(dispatch, session, { input, control, ports });
    await saveResult(dispatch.dir, result);
    await end(false);
    await keepRedacted(session.logPath, ports.redactor);
    return result;
  } catch (error) {
    if (control.signal.aborted) {
      if (control.stopRequested()) await end(true);
      throw control.signal.reason;
    }
    if (!isEnd(error)) throw error;
    const evident = await withEvidence(error, session, ports);
    await end(false);
    if (session) await keepRedacted(session.logPath, ports.redactor);
    await saveFailure(dispatch.dir, evident);
    throw evident;
  }
}

async function openSession(backend: SessionBackend, dispatch: Dispatch): Promise<Session> {
  if (!(await dispatch.holder.isCurrent())) throw new Error('a newer attempt has taken this dispatch over');
  return backend.open(dispatch);
}

async function runTurn(
  dispatch: Dispatch,
  session: Session,
  { input, control, ports }: { input: DispatchInput; control: DispatchControl; ports: SessionPorts },
): Promise<DispatchResult> {
  const isHeadless = dispatch.ledger.claim.backend === 'headless';
  const watch = watchTurn(dispatch, session, {
    journal: journalPath(dispatch.dir),
    ...(isHeadless && { output: session.logPath }),
  });
  await session.deliver(watch, control);
  const state = await followTurn(dispatch, watch, { timeoutMs: input.timeoutMs, control });
  control.doing('checks the contract');
  return conclude(dispatch, session, { input, state, ports });
}

async function conclude(
  { dir, ledger }: Dispatch,
  session: Session,
  { input, state, ports }: { input: DispatchInput; state: TurnState; ports: SessionPorts },
): Promise<DispatchResult> {
  const { storeText, redactor, runCommand } = ports;
  const report = await checkContract(input, ledger.claim.startHead, {
    runCommand,
    storeText: (text) => storeText(redactor.redact(text)),
  });
  const output = input.output === undefined ? undefined : await readOutput(outputPath(dir), input.output);
  return {
    receipts: ledger.receipts(),
    backend: ledger.claim.backend,
    session: `${hostname()}/${ledger.claim.session}`,
    message: await storeText(redactor.redact(state.message ?? '')),
    log: await storeText(readRedacted(session.logPath, redactor)),
    ...(output !== undefined && { output: redactor.redactJson(output) }),
    commits: report.commits,
    head: report.head,
    contract: report.summary,
    ...state.usage,
  };
}

/** The last lines of the terminal, unless the failure brings evidence of its own. */
async function withEvidence(
  error: ApplicationFailure,
  session: Session | undefined,
  { storeText, redactor }: SessionPorts,
): Promise<ApplicationFailure> {
  const details = (error.details?.[0] ?? {}) as { evidence?: unknown };
  if (details.evidence !== undefined || session === undefined) return error;
  const tail = redactor.redact(await session.tail());
  if (tail.trim() === '') return error;
  const type = error.type as Parameters<typeof failure>[0];
  return failure(type, redactor.redact(error.message), { evidence: await storeText(tail) });
}
