import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { candidateKey, type CallModelInput, type CallModelResult, type ModelFailure } from '../../contracts/models';
import { tokensOfAnswer } from '../../contracts/tokens';
import { activityKey, withHeartbeat } from '../heartbeat';
import { findProvider } from '../providers/find-provider';
import type { Completion, Timeouts, Usage } from '../providers/model-provider';
import { PATIENCE } from '../providers/patience';
import { buildPrompt, promptFor, tokensOf, type Prompt } from './build-prompt';
import { Progress, wasAsking } from './call-progress';
import { openPurse, type CallPurse } from './call-purse';
import {
  CallFailed,
  NobodyAvailable,
  type Answered,
  type Attempt,
  type AttemptRequest,
  type CallTarget,
} from './client/model-client';
import { isErrorOf } from '../failure';
import type { ModelPorts } from './ports';
import { callFailure, defect, ledgerFailure, nobodyFailure, shapeFailure, summaryOf, type Paid } from './model-failure';
import { readOutput } from './read-output';

/**
 * One call of one model: one HTTP request at most. What the calls before have learned comes with the input, and what
 * this one learns goes back with its answer or its failure. Fails: Provider.*, Budget.*, Policy.Denied,
 * Stage.OutputInvalid, Path.Escapes, Git.Failed, Definition.Invalid.
 */
export async function callModel(ports: ModelPorts, input: CallModelInput): Promise<CallModelResult> {
  const context = Context.current();
  const prompt = await buildPrompt(ports, input);
  const { attempt: tries, workflowExecution } = context.info;
  const isLost = tries > 1 && wasAsking(context.info.heartbeatDetails);
  const paying = openPurse(ports, input, workflowExecution?.workflowId ?? 'none', isLost);
  const progress = new Progress(input.watched === true, ports.redact);
  return withHeartbeat(progress.details, async ({ signal }) => {
    const request = requestOf(input, prompt, paying, signal);
    try {
      const attempt = await ports.client.attempt(request, async (target) => {
        progress.begin(target);
        return ask(ports, input, promptFor(prompt, target, input.rejected), target, progress, signal);
      });
      return { ...(await resultOf(ports, input, attempt, paid(paying))), ...lostBefore(isLost, paying) };
    } catch (error) {
      if (signal.aborted) throw cancelled(context, paying);
      throw await failureOf(ports, request, error, paid(paying));
    }
  });
}

function requestOf(input: CallModelInput, prompt: Prompt, { purse }: CallPurse, signal: AbortSignal): AttemptRequest {
  const { id, model, task, maxOutputTokens, rejected, trials, waitsUntil } = input;
  const project = input.project ?? input.run?.project;
  const team = purse?.scope.team ?? input.spending?.scope.team;
  const told = rejected === undefined ? prompt : promptFor(prompt, rejected, rejected);
  // An answer in the wrong shape is a matter between us and that model; an outage of it since then is not.
  const first = rejected !== undefined && !trials.some((one) => candidateKey(one) === candidateKey(rejected));
  return {
    ...{ id, trials, signal },
    attemptId: `${activityKey() ?? id}#${Context.current().info.attempt}`,
    inputTokens: tokensOf(told),
    timeoutMs: timeoutsOf(input).totalMs,
    ...(model === undefined ? {} : { model }),
    ...(task === undefined ? {} : { task }),
    ...(project === undefined ? {} : { project }),
    ...(team === undefined ? {} : { team }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(waitsUntil === undefined ? {} : { waitsUntil }),
    ...(!first ? {} : { first: { provider: rejected.provider, model: rejected.model } }),
    ...(purse === undefined ? {} : { purse }),
  };
}

async function ask(
  ports: ModelPorts,
  input: CallModelInput,
  prompt: Prompt,
  target: CallTarget,
  progress: Progress,
  signal: AbortSignal,
): Promise<Answered<Completion>> {
  const completion = await findProvider(ports.providers, target.provider).complete(
    {
      ...prompt,
      model: target.model,
      timeouts: timeoutsOf(input),
      onProgress: progress.hear,
      ...(input.maxOutputTokens === undefined ? {} : { maxOutputTokens: input.maxOutputTokens }),
    },
    signal,
  );
  const { model, costUsd } = completion;
  return {
    value: completion,
    usage: usageOf(completion, prompt),
    model,
    ...(costUsd === undefined ? {} : { costUsd }),
  };
}

/** An answer has cost something, whether anybody counted its tokens or not: where nobody did, they are weighed. */
function usageOf({ usage, text }: Completion, prompt: Prompt): Usage {
  if (usage !== undefined && (usage.input > 0 || usage.output > 0)) return usage;
  return { input: tokensOf(prompt), output: tokensOfAnswer(Buffer.byteLength(text)) };
}

async function resultOf(
  ports: ModelPorts,
  input: CallModelInput,
  attempt: Attempt<Completion>,
  paidFrom: Paid,
): Promise<CallModelResult> {
  const { value: completion, candidate, model, usage, costNano, route, overBudget } = attempt;
  const answer = ports.redact(completion.text);
  const cost = costNano === undefined ? {} : { costNano };
  const { provider } = candidate;
  ports.log.info('model answered', { id: input.id, provider, model, ...usage, ...cost });
  const summary = summaryOf(route, candidate, overBudget);
  const read = input.output === undefined ? undefined : readOutput(answer, input.output);
  if (read && 'issues' in read) {
    const rejected = { provider, model: candidate.model, answer: head(answer, 1_200), issues: head(read.issues, 500) };
    throw shapeFailure(rejected, summary, { ...paidFrom, ...cost });
  }
  return {
    text: await ports.storeText(answer),
    ...read,
    asked: { provider, model: candidate.model },
    ...{ provider, model, inputTokens: usage.input, outputTokens: usage.output },
    ...cost,
    route: summary,
    ...(completion.requestId === undefined ? {} : { requestId: completion.requestId }),
    ...(paidFrom.slice === undefined ? {} : { slice: paidFrom.slice }),
  };
}

async function failureOf(ports: ModelPorts, request: AttemptRequest, error: unknown, paidFrom: Paid): Promise<unknown> {
  if (error instanceof CallFailed) {
    const { provider, model, lastType } = error.trial;
    ports.log.warn('model call failed', { provider, model, type: lastType, message: error.message });
    const others = request.trials.filter((one) => one.provider !== provider || one.model !== model);
    return callFailure(error, await ports.client.route(request, [...others, error.trial]), paidFrom);
  }
  if (error instanceof NobodyAvailable) return nobodyFailure(error, paidFrom);
  if (isErrorOf(error, 'Budget.Unavailable')) return ledgerFailure(error, paidFrom);
  return defect(error);
}

/** The call was given up: what it was paid from goes back to the workflow all the same. */
function cancelled({ cancellationDetails, info }: Context, paying: CallPurse): CancelledFailure {
  const details: ModelFailure = { goesOn: false, rejected: [], findings: [], ...paid(paying) };
  const why = cancellationDetails?.cancelRequested === true ? 'The call was cancelled' : 'The worker gave the call up';
  return new CancelledFailure(`${why} (${info.activityId}).`, [details]);
}

function paid(paying: CallPurse): Paid {
  const slice = paying.slice();
  const countedNano = paying.lostNano();
  return { ...(slice === undefined ? {} : { slice }), ...(countedNano === undefined ? {} : { countedNano }) };
}

function lostBefore(isLost: boolean, paying: CallPurse): Pick<CallModelResult, 'lost'> {
  const countedNano = paying.lostNano();
  return isLost ? { lost: countedNano === undefined ? {} : { countedNano } } : {};
}

/** Time for the activity to report before Temporal stops waiting for it. */
const REPORT_MS = 2_000;

function timeoutsOf(input: CallModelInput): Timeouts {
  const given = Context.current().info.startToCloseTimeoutMs;
  const totalMs = Math.max(1_000, Math.min(input.timeoutMs, given > 0 ? given - REPORT_MS : Infinity));
  return { totalMs, ...PATIENCE };
}

function head(text: string, limit: number): string {
  return text.slice(0, limit);
}
