import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CallModelInput, CallModelResult } from '../../contracts/activities';
import { failure } from '../failure';
import { withHeartbeat } from '../heartbeat';
import { candidatesFor, nextCandidate, trialOf, type Candidate } from '../providers/choose';
import type { Completion, ModelProvider, Timeouts } from '../providers/model-provider';
import { priceOf } from '../providers/price';
import { ProviderFailure } from '../providers/provider-failure';
import { buildPrompt } from './build-prompt';
import type { ModelPorts } from './create-model-activities';
import { failAttempt } from './fail-attempt';
import { readOutput } from './read-output';
import { progressOf, recall, reject, type Memory } from './memory';

/**
 * Ask one model once. Which one is said in `choose`; what failed before is told by the heartbeat details of the
 * attempt before. Fails: Provider.*, Stage.OutputInvalid, Path.Escapes, Git.Failed, Definition.Invalid.
 */
export async function callModel(ports: ModelPorts, input: CallModelInput): Promise<CallModelResult> {
  const context = Context.current();
  const memory = recall(context.info.heartbeatDetails);
  const candidates = candidatesFor(ports.providers, input.model);
  const turn = { attempt: context.info.attempt, now: Date.now() };
  const candidate = toldAgain(memory) ?? nextCandidate(candidates, memory.trials, turn);
  const provider = ports.providers.find(({ name }) => name === candidate?.provider);
  if (!candidate || !provider) throw noProvider(input);

  let characters = 0;
  const progress = () => progressOf(memory, candidate, characters);
  return withHeartbeat(progress, async ({ signal }) => {
    try {
      const prompt = await buildPrompt(ports, input, memory, candidate);
      const onProgress = (soFar: number) => void (characters = soFar);
      const request = { ...prompt, model: candidate.model, timeouts: timeoutsOf(input), onProgress };
      const completion = await provider.complete(request, signal);
      return await resultOf(ports, input, provider, candidate, completion, memory);
    } catch (error) {
      if (signal.aborted) return context.cancelled;
      if (!(error instanceof ProviderFailure)) throw error;
      throw failAttempt({ ports, memory, candidates, failure: error, attempt: turn.attempt });
    }
  });
}

/** An answer in the wrong shape is a matter between us and that model; an outage of it since then is not. */
function toldAgain({ rejected, trials }: Memory): Candidate | undefined {
  if (!rejected || trialOf(trials, rejected)) return undefined;
  return { provider: rejected.provider, model: rejected.model };
}

async function resultOf(
  ports: ModelPorts,
  input: CallModelInput,
  provider: ModelProvider,
  candidate: Candidate,
  completion: Completion,
  memory: Memory,
): Promise<CallModelResult> {
  const answer = ports.redact(completion.text);
  const costUsd = priceOf(completion, provider.pricing, new Date());
  const { model, usage } = completion;
  ports.log.info('model answered', { stage: input.stage, provider: provider.name, model, ...usage, costUsd });
  const read = input.output === undefined ? undefined : readOutput(answer, input.output);
  if (read && 'issues' in read) {
    Context.current().heartbeat(reject(memory, candidate, answer, read.issues));
    throw outputInvalid(candidate, read.issues, costUsd);
  }
  return {
    text: await ports.storeText(answer),
    ...read,
    provider: provider.name,
    model,
    inputTokens: usage.input,
    outputTokens: usage.output,
    ...(costUsd === undefined ? {} : { costUsd }),
  };
}

/** The longest pauses that are still work. Node's own fetch gives up at 300 s, with less to say. */
const FIRST_EVENT_MS = 280_000;
const IDLE_MS = 120_000;
/** Time for the activity to report before Temporal stops waiting for it. */
const REPORT_MS = 2_000;

function timeoutsOf(input: CallModelInput): Timeouts {
  const given = Context.current().info.startToCloseTimeoutMs;
  const totalMs = Math.max(1_000, Math.min(input.timeoutMs, given > 0 ? given - REPORT_MS : Infinity));
  return { totalMs, firstEventMs: Math.min(totalMs, FIRST_EVENT_MS), idleMs: Math.min(totalMs, IDLE_MS) };
}

function noProvider(input: CallModelInput): ApplicationFailure {
  return failure(
    'Provider.None',
    `Stage "${input.stage}" asks a model, and no model provider is configured on this worker. Set ANTHROPIC_API_KEY, ` +
      'OPENAI_API_KEY or GANTRY_OPENAI_COMPATIBLE, or start Ollama; then restart the worker and resume the run.',
  );
}

function outputInvalid(
  { provider, model }: Candidate,
  issues: string,
  costUsd: number | undefined,
): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'Stage.OutputInvalid',
    message: `The answer of ${provider}/${model} does not match the stage's output: ${issues}. The model is told when it is asked again.`,
    details: [{ provider, model, issues, ...(costUsd === undefined ? {} : { costUsd }) }],
  });
}
