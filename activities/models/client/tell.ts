import type { ProviderReport } from '../../../contracts/breakers';
import type { Candidate } from '../../../contracts/models';
import { ANY_TASK, type ProfileSample } from '../../../contracts/profiles';
import { breakersOf } from '../../../contracts/routing/breakers';
import type { ProviderFailure } from '../../providers/provider-failure';
import type { Admitted } from './admit';
import type { ModelClientPorts } from './client-ports';
import type { AttemptRequest } from './model-client';

/** Tell both breakers of a candidate that it answered. They drop it where it changes nothing. */
export async function tellSuccess(ports: ModelClientPorts, request: AttemptRequest, admitted: Admitted): Promise<void> {
  await tell(ports, request, admitted, breakersOf(admitted.ranked), 'success');
}

/** Tell the breaker that a failure is about. Failures that are the request's own are nobody's. */
export async function tellFailure(
  ports: ModelClientPorts,
  request: AttemptRequest,
  admitted: Admitted,
  { verdict, facts }: ProviderFailure,
): Promise<void> {
  const [ofProvider, ofModel] = breakersOf(admitted.ranked);
  const about = verdict.scope === 'model' ? ofModel : ofProvider;
  const { counts } = verdict;
  if (counts !== 'no') {
    const { type, resetsAt } = verdict;
    const message = ports.redact(facts.message);
    const outcome = { failure: counts, type, message, ...(resetsAt === undefined ? {} : { resetsAt }) };
    await tell(ports, request, admitted, [about!], outcome);
  }
  // An answer that is a refusal still shows that its provider is there; of any other failure nothing is learned here.
  const answered = facts.status !== undefined && facts.status >= 400 && facts.status < 500;
  const others = admitted.probes.filter((name) => counts === 'no' || name !== about);
  if (answered) await tell(ports, request, admitted, others, 'success');
  else await tellAbandoned(ports, request, others, admitted.generations);
}

/** The attempt came to nothing: whoever waits for its probes may try at once, and not when their leases are over. */
export async function tellAbandoned(
  { breakers }: Pick<ModelClientPorts, 'breakers'>,
  { attemptId }: AttemptRequest,
  probes: readonly string[],
  generations: ReadonlyMap<string, number>,
): Promise<void> {
  const at = Date.now();
  const tellOne = (name: string): Promise<void> =>
    breakers.report(name, { id: attemptId, at, outcome: 'abandoned', generation: generations.get(name) ?? 0 });
  await Promise.all(probes.map(tellOne));
}

/** What is learned of a model from one call. */
export function sampleOf(
  { task = ANY_TASK }: AttemptRequest,
  { provider, model }: Candidate,
  { ok, latencyMs, costNano }: Pick<ProfileSample, 'ok' | 'latencyMs' | 'costNano'>,
): ProfileSample {
  return { task, provider, model, ok, latencyMs, costNano };
}

async function tell(
  { breakers }: ModelClientPorts,
  { attemptId }: AttemptRequest,
  { generations }: Admitted,
  names: readonly string[],
  outcome: ProviderReport['outcome'],
): Promise<void> {
  const at = Date.now();
  const tellOne = (name: string): Promise<void> =>
    breakers.report(name, { id: attemptId, at, outcome, generation: generations.get(name) ?? 0 });
  await Promise.all(names.map(tellOne));
}
