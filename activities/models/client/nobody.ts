import type { ErrorType } from '../../../contracts/errors';
import type { RejectedCandidate, Route } from '../../../contracts/models';
import { nobodyTakesIt, retryAtOf } from '../../../contracts/routing/tell';
import { NobodyAvailable } from './model-client';

/** Nobody could be asked: what that is called, and why it is so for each of them. */
export function nobody(providers: number, route: Route, rejected: readonly RejectedCandidate[]): NobodyAvailable {
  if (providers === 0) {
    const message = 'No model provider is configured.';
    return new NobodyAvailable('Provider.None', message, route, [], undefined);
  }
  return new NobodyAvailable(typeOf(rejected), nobodyTakesIt(rejected), route, rejected, retryAtOf(rejected));
}

function typeOf(rejected: readonly RejectedCandidate[]): ErrorType {
  const forbidden = rejected.length > 0 && rejected.every(({ kind }) => kind === 'policy');
  return forbidden ? 'Policy.Denied' : 'Provider.Unavailable';
}
