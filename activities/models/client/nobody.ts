import type { ErrorType } from '../../../contracts/errors';
import { candidateKey, type RejectedCandidate, type Route } from '../../../contracts/models';
import { NobodyAvailable } from './model-client';

/** Nobody could be asked: what that is called, and why it is so for each of them. */
export function nobody(providers: number, route: Route, rejected: readonly RejectedCandidate[]): NobodyAvailable {
  if (providers === 0) {
    const message = 'No model provider is configured.';
    return new NobodyAvailable('Provider.None', message, route, [], undefined);
  }
  const times = rejected.flatMap(({ retryAt }) => retryAt ?? []);
  const retryAt = times.length === 0 ? undefined : Math.min(...times);
  return new NobodyAvailable(typeOf(rejected), reasonsOf(rejected), route, rejected, retryAt);
}

function typeOf(rejected: readonly RejectedCandidate[]): ErrorType {
  const forbidden = rejected.length > 0 && rejected.every(({ kind }) => kind === 'policy');
  return forbidden ? 'Policy.Denied' : 'Provider.Unavailable';
}

/** Each of them with its reason, and when it may be otherwise. */
export function reasonsOf(rejected: readonly RejectedCandidate[]): string {
  if (rejected.length === 0) return 'No configured model is meant by this request.';
  const lines = rejected.map((one) => `${candidateKey(one)}: ${one.reason.replace(/\.$/, '')}${again(one.retryAt)}`);
  return `No model can be asked: ${lines.join('; ')}.`;
}

function again(retryAt: number | undefined): string {
  return retryAt === undefined ? '' : ` (again at ${new Date(retryAt).toISOString()})`;
}
