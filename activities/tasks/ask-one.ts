import type { ApplicationFailure } from '@temporalio/common';
import { candidateKey, type Trial } from '../../contracts/models';
import type { CompleteChatsInput } from '../../contracts/tasks/activities';
import type { OwnWords } from '../../contracts/tasks/openai-error';
import { NOTHING_SPENT, type TaskSpending } from '../../contracts/tasks/spending';
import { tokensOfAnswer } from '../../contracts/tokens';
import { isErrorOf } from '../failure';
import {
  CallFailed,
  NobodyAvailable,
  type Answered,
  type Attempt,
  type CallTarget,
} from '../models/client/model-client';
import { callFailure, nobodyFailure } from '../models/model-failure';
import { findProvider } from '../providers/find-provider';
import type { WholeAnswer } from '../providers/model-provider';
import { PATIENCE } from '../providers/patience';
import { ProviderFailure } from '../providers/provider-failure';
import { wireRequest } from '../providers/wire-request';
import type { WatchedPurse } from './watched-purse';
import { answeredRecord, failedRecord, ownWordsOf } from './build-call-record';
import type { TaskPorts } from './task-ports';
import type { CallKey, CallRecord, TaskRequest } from './task-records';
import { routeRequestOf } from './route-request';

export interface AskOne {
  readonly input: CompleteChatsInput;
  readonly request: TaskRequest;
  readonly key: CallKey;
  /** Which attempt of the activity this is. */
  readonly attempt: number;
  readonly purse: WatchedPurse | undefined;
  readonly signal: AbortSignal;
}

export type Asked =
  | { readonly kind: 'recorded'; readonly record: CallRecord }
  /** Before `retryAt`, epoch milliseconds, there is nobody to ask. */
  | { readonly kind: 'nobody'; readonly retryAt: number }
  | { readonly kind: 'aborted'; readonly spent: TaskSpending };

/** This worker reaches nobody: another one may. */
export class WorkerUnwell extends Error {
  override readonly name = 'WorkerUnwell';
}

/** How soon a budget that has too little is looked at again. */
const BUDGET_AGAIN_MS = 15 * 60_000;
/** How soon a ledger that did not answer is asked again. */
const LEDGER_AGAIN_MS = 5_000;

/** One call for one request, recorded before anybody hears of it. Fails: {@link WorkerUnwell}. */
export async function askOne(ports: TaskPorts, asked: AskOne): Promise<Asked> {
  const { input, key, purse, signal } = asked;
  try {
    const record = answeredRecord(await call(ports, asked), ports.redact);
    return { kind: 'recorded', record: await ports.store.calls.record(input.task, key, record) };
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted', spent: purse?.look() ?? NOTHING_SPENT };
    if (error instanceof CallFailed) return afterFailure(ports, asked, error);
    const unasked = await withoutCall(error, ports, asked);
    if (unasked === undefined) throw error;
    return unasked;
  }
}

function call(ports: TaskPorts, asked: AskOne): Promise<Attempt<WholeAnswer>> {
  const { input, request, key, attempt, purse, signal } = asked;
  const id = `${input.task.id}/${key.index}`;
  const route = routeRequestOf(id, request.route, input);
  const attemptId = `${id}#${key.call}.${attempt}`;
  const trials = trialsOf(asked);
  return ports.client.attempt(
    { ...route, attemptId, trials, timeoutMs: input.timeoutMs, signal, ...(purse && { purse }) },
    async (target) => {
      await ports.store.calls.mark(input.task, key, attempt, { estimateNano: target.ranked.estimateNano ?? 0 });
      return complete(ports, asked, target);
    },
  );
}

async function complete(ports: TaskPorts, asked: AskOne, target: CallTarget): Promise<Answered<WholeAnswer>> {
  const { input, request, signal } = asked;
  const timeouts = { totalMs: input.timeoutMs, ...PATIENCE };
  const provider = findProvider(ports.providers, target.provider);
  const answer = await provider.chat(wireRequest(request.body), { model: target.model, timeouts, signal });
  const { model, usage, costUsd, bytes } = answer;
  return {
    ...{ value: answer, model },
    usage: usage ?? { input: request.route.inputTokens, output: tokensOfAnswer(bytes.length) },
    ...(costUsd !== undefined && { costUsd }),
  };
}

function trialsOf({ input }: AskOne): readonly Trial[] {
  return input.trial?.trials ?? [];
}

/** Somebody was asked and gave no answer that can be used. */
async function afterFailure(ports: TaskPorts, asked: AskOne, error: CallFailed): Promise<Asked> {
  const { input, key, request } = asked;
  if (isOfNetwork(error) && !(await ports.wellness.lookAgain())) {
    await ports.store.calls.unmark(input.task, key, asked.attempt);
    throw new WorkerUnwell(error.message);
  }
  const trials = [...trialsOf(asked).filter((one) => candidateKey(one) !== candidateKey(error.trial)), error.trial];
  const id = `${input.task.id}/${key.index}`;
  const ahead = await ports.client.route(routeRequestOf(id, request.route, input), trials);
  return recordFailure(ports, asked, callFailure(error, ahead, {}), ownWordsOf(error, ports.redact));
}

/** No call was made. Undefined: for no reason that is known here. */
async function withoutCall(error: unknown, ports: TaskPorts, asked: AskOne): Promise<Asked | undefined> {
  if (isErrorOf(error, 'Budget.Unavailable')) return { kind: 'nobody', retryAt: Date.now() + LEDGER_AGAIN_MS };
  if (!(error instanceof NobodyAvailable)) return undefined;
  if (error.retryAt !== undefined) return { kind: 'nobody', retryAt: lookAt(error, error.retryAt) };
  // What runs do next is nothing for whoever waits for a task.
  return recordFailure(ports, asked, nobodyFailure(error, {}), { message: error.message });
}

/** Somebody may give more before a budget's window is over, so it is looked at in between. */
function lookAt({ type }: NobodyAvailable, retryAt: number): number {
  return type === 'Budget.Exhausted' ? Math.min(retryAt, Date.now() + BUDGET_AGAIN_MS) : retryAt;
}

async function recordFailure(
  ports: TaskPorts,
  { input, key, purse }: AskOne,
  failure: ApplicationFailure,
  own: OwnWords,
): Promise<Asked> {
  const record = failedRecord(failure, purse?.look() ?? NOTHING_SPENT, own);
  return { kind: 'recorded', record: await ports.store.calls.record(input.task, key, record) };
}

function isOfNetwork({ cause }: CallFailed): boolean {
  return cause instanceof ProviderFailure && cause.verdict.type === 'Provider.Network';
}
