import { ProviderFailure } from '../../providers/provider-failure';
import { admit, type Admitted } from './admit';
import type { ModelClientPorts } from './client-ports';
import { costsNothing, sentenceOf, trialAfter } from './failed-call';
import { lookAround } from './look-around';
import {
  CallFailed,
  type Answered,
  type Attempt,
  type AttemptRequest,
  type CallTarget,
  type ModelClient,
} from './model-client';
import { sampleOf, tellAbandoned, tellFailure, tellSuccess } from './tell';

export function createModelClient(ports: ModelClientPorts): ModelClient {
  return {
    route: async (request, trials) => (await lookAround(ports, request, trials)).route,
    attempt: (request, call) => attempt(ports, request, call),
  };
}

async function attempt<T>(
  ports: ModelClientPorts,
  request: AttemptRequest,
  call: (target: CallTarget) => Promise<Answered<T>>,
): Promise<Attempt<T>> {
  const admitted = await admit(ports, request);
  const { ranked } = admitted;
  const began = Date.now();
  let answered: Answered<T>;
  try {
    answered = await call({ provider: ranked.provider, model: ranked.model, ranked });
  } catch (error) {
    throw await afterFailure(ports, request, admitted, error);
  }
  return afterAnswer(ports, request, admitted, answered, Date.now() - began);
}

async function afterAnswer<T>(
  ports: ModelClientPorts,
  request: AttemptRequest,
  admitted: Admitted,
  answered: Answered<T>,
  latencyMs: number,
): Promise<Attempt<T>> {
  const { ranked, route, hold, overBudget } = admitted;
  const { value, usage, model } = answered;
  const costNano = ports.prices.cost(ranked, answered, Date.now());
  hold?.settle(costNano);
  // Of half an answer nobody learns how long a whole one takes.
  if (answered.cut !== true) ports.profiles.learn(sampleOf(request, ranked, { ok: true, latencyMs, costNano }));
  await tellSuccess(ports, request, admitted);
  return { value, route, usage, model, candidate: ranked, costNano, overBudget };
}

/** What is thrown after a call that failed; the hold is settled and everybody told. */
async function afterFailure(
  ports: ModelClientPorts,
  request: AttemptRequest,
  admitted: Admitted,
  error: unknown,
): Promise<unknown> {
  const { ranked, route, hold, overBudget } = admitted;
  if (!(error instanceof ProviderFailure)) {
    // Cancelled half-way, or a defect of ours: the provider may have been at it.
    hold?.settle(undefined);
    await tellAbandoned(ports, request, admitted.probes, admitted.generations);
    return error;
  }
  const isFree = costsNothing(error);
  hold?.settle(isFree ? 0 : undefined);
  if (error.verdict.counts !== 'no') ports.profiles.learn(sampleOf(request, ranked, { ok: false }));
  await tellFailure(ports, request, admitted, error);
  const trial = trialAfter(request.trials, ranked, error, ports.redact(sentenceOf(ranked, error)));
  const countedNano = hold === undefined || isFree ? undefined : ranked.estimateNano;
  return new CallFailed(trial, ranked, route, error.verdict.failover, error, overBudget, countedNano);
}
