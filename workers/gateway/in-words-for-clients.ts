import { CallFailed } from '../../activities/models/client/model-client';
import { ProviderFailure } from '../../activities/providers/provider-failure';
import type { ErrorType } from '../../contracts/errors';

/** What to do next, where the words for runs do not fit whoever asks through the gateway. */
const NEXT: Partial<Record<ErrorType, string>> = {
  'Provider.Auth': 'Whoever runs the gateway has to put a valid key into its environment and start it again.',
  'Provider.Quota': 'Whoever runs the gateway has to add credit or raise the spend limit at the provider.',
  'Provider.Timeout': 'Ask for less, or for a faster model.',
  'Provider.Network': "Check the address of the provider, and proxy and network of the gateway's host.",
  'Provider.Request': 'Change the request, or ask for another model.',
};

/** The same failure in words for clients of the gateway, which know nothing of stages, runs and workers. */
export function inWordsForClients(error: CallFailed): CallFailed {
  const { trial, candidate, route, failover, cause, overBudget } = error;
  const next = NEXT[trial.lastType];
  const fix = cause instanceof ProviderFailure ? cause.verdict.fix : undefined;
  // A request that is too long has a word of its own.
  if (next === undefined || fix === undefined || (failover && trial.lastType === 'Provider.Request')) return error;
  if (!trial.message.endsWith(fix)) return error;
  const message = `${trial.message.slice(0, -fix.length)}${next}`;
  return new CallFailed({ ...trial, message }, candidate, route, failover, cause, overBudget);
}
