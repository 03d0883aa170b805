import type { ConfiguredProvider } from '../config/model-config';
import { isSameCandidate, type Candidate, type RouteRequest, type Trial } from '../models';
import type { NanoDollars } from '../money';
import type { Profile } from '../profiles';
import { ANTHROPIC_ANSWER, EXPECTED_ANSWER } from '../tokens';
import type { RouteFacts } from './facts';
import { taskOf } from './applies';

/** Fewer calls than this have taught nothing. */
export const LEARNED_CALLS = 5;

/** A candidate, and all that is known of it for one request. */
export interface Weighed {
  readonly candidate: Candidate;
  readonly provider: ConfiguredProvider;
  /** Where it stands by name alone, from 0 on. */
  readonly place: number;
  readonly answerTokens: number;
  readonly free: boolean;
  /** Undefined: nobody knows its price. */
  readonly estimateNano: NanoDollars | undefined;
  /** Of this kind of task; undefined: nothing was learned yet. */
  readonly profile: Profile | undefined;
  readonly trial: Trial | undefined;
}

export function weigh(
  candidate: Candidate,
  place: number,
  provider: ConfiguredProvider,
  request: RouteRequest,
  facts: RouteFacts,
): Weighed {
  const usual = provider.protocol === 'anthropic' ? ANTHROPIC_ANSWER : EXPECTED_ANSWER;
  const answerTokens = request.maxOutputTokens ?? provider.maxOutput ?? usual;
  const free = facts.prices.isFree(candidate);
  const tokens = { input: request.inputTokens, output: answerTokens };
  const estimateNano = free ? 0 : facts.prices.estimate(candidate, tokens, facts.now);
  const profile = facts.profiles.find(
    (one) => one.task === taskOf(request) && isSameCandidate(one, candidate) && one.calls >= LEARNED_CALLS,
  );
  const trial = facts.trials.find((one) => isSameCandidate(one, candidate));
  return { candidate, provider, place, answerTokens, free, estimateNano, profile, trial };
}
