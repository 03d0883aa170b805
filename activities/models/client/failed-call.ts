import { candidateKey, type Candidate, type Trial } from '../../../contracts/models';
import type { ProviderFailure } from '../../providers/provider-failure';

/** What a failed call has learned of its candidate, on top of what was known. */
export function trialAfter(
  trials: readonly Trial[],
  { provider, model }: Candidate,
  failure: ProviderFailure,
  message: string,
): Trial {
  const { type, retryable, retryAfterMs, resetsAt } = failure.verdict;
  const earlier = trials.find((one) => one.provider === provider && one.model === model)?.failures ?? 0;
  const notBefore = retryAfterMs === undefined ? resetsAt : Date.now() + retryAfterMs;
  return {
    ...{ provider, model, message },
    failures: earlier + 1,
    lastType: type,
    final: !retryable,
    ...(notBefore === undefined ? {} : { notBefore }),
  };
}

/** What happened, where, and what to do next. */
export function sentenceOf(candidate: Candidate, { verdict, facts }: ProviderFailure): string {
  const status = facts.status === undefined ? '' : ` (HTTP ${facts.status})`;
  return `${candidateKey(candidate)}${status}: ${facts.message.replace(/\.$/, '')}. ${verdict.fix}`;
}

/** Never reached anybody: no connection was made. */
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/**
 * Surely nothing was billed: it was refused before the answer began, or nobody was reached. What an SDK throws in the
 * middle of an answer may name a status too, but then it has causes.
 */
export function costsNothing({ facts: { status, causes } }: ProviderFailure): boolean {
  if (causes.length > 0) return causes.some((cause) => NOT_CONNECTED.test(cause));
  return status !== undefined && status >= 400;
}
