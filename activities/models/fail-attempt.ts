import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { nextCandidate, trialOf, type Candidate } from '../providers/choose';
import type { ProviderFailure } from '../providers/provider-failure';
import { requestIdIn } from '../providers/exchange';
import type { ModelPorts } from './create-model-activities';
import { remember, type Memory } from './memory';

export interface FailedAttempt {
  readonly ports: ModelPorts;
  readonly memory: Memory;
  readonly candidates: readonly Candidate[];
  readonly failure: ProviderFailure;
  readonly attempt: number;
}

/**
 * The failure of one attempt, as Temporal is to see it: final only when nobody is left to ask, and with a wait only
 * when whoever is next wants one. What happened is left for the next attempt as heartbeat details.
 */
export function failAttempt({ ports, memory, candidates, failure, attempt }: FailedAttempt): ApplicationFailure {
  const { provider, model, verdict, facts } = failure;
  const now = Date.now();
  const notBefore = verdict.retryAfterMs === undefined ? {} : { notBefore: now + verdict.retryAfterMs };
  const trial = { provider, model, lastType: verdict.type, final: !verdict.retryable, ...notBefore };
  const learned = remember(memory, trial);
  Context.current().heartbeat(learned);

  const goesOn = verdict.retryable || verdict.failover;
  const next = goesOn ? nextCandidate(candidates, learned.trials, { attempt: attempt + 1, now }) : undefined;
  const waitMs = next ? (trialOf(learned.trials, next)?.notBefore ?? now) - now : 0;
  ports.log.warn('model call failed', { provider, model, type: verdict.type, status: facts.status, code: facts.code });
  return ApplicationFailure.create({
    type: verdict.type,
    message: ports.redact(sentence(failure, next)),
    nonRetryable: next === undefined,
    ...(waitMs > 0 ? { nextRetryDelay: waitMs } : {}),
    details: [detailsOf(failure)],
  });
}

/** What happened, where, and what to do next. */
function sentence({ provider, model, verdict, facts }: ProviderFailure, next: Candidate | undefined): string {
  const status = facts.status === undefined ? '' : ` (HTTP ${facts.status})`;
  const what = `${provider}/${model}${status}: ${facts.message.replace(/\.$/, '')}.`;
  const other = next && next.provider !== provider ? ` Next is ${next.provider}/${next.model}.` : '';
  return `${what}${other} ${verdict.fix}`;
}

function detailsOf({ provider, model, verdict, facts }: ProviderFailure) {
  const { status, code = facts.type } = facts;
  const known = { status, code, requestId: requestIdIn(facts.headers), retryAfterMs: verdict.retryAfterMs };
  return { provider, model, ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) };
}
