import type { CallFailed, NobodyAvailable } from '../../activities/models/client/model-client';
import { TOO_LONG, UNSUPPORTED } from '../../activities/providers/classify/rule';
import { ProviderFailure } from '../../activities/providers/provider-failure';
import type { ModelConfig } from '../../contracts/config/model-config';
import { ERRORS, type ErrorType } from '../../contracts/errors';
import { candidateKey, type RejectedCandidate, type Trial } from '../../contracts/models';
import { ApiError } from './errors';

/** How soon asking again is worth while, where nobody knows: after a failure that passes, and after one that lasts. */
const PASSES_MS = 5_000;
const LASTS_MS = 300_000;

/**
 * What a client is told when nobody was asked, or nobody else is left.
 * @param last How the last of those who were asked failed.
 */
export function nobodyLeft(
  error: NobodyAvailable,
  { trials, last }: { readonly trials: readonly Trial[]; readonly last: CallFailed | undefined },
  config: Pick<ModelConfig, 'providers'>,
): ApiError {
  const { message, cause } = { message: error.message, cause: error };
  switch (error.type) {
    // 402 and not 429: clients of OpenAI and Anthropic try a 429 twice more, and no budget begins anew that soon.
    case 'Budget.Exhausted':
      return new ApiError(
        402,
        { message, ...twice('budget_exceeded') },
        { retryAt: soonestOf(error.retryAt, error.budgetAnewAt), cause },
      );
    case 'Policy.Denied':
      return new ApiError(403, { message, ...twice('policy_violation') }, { cause });
    default:
      return trials.length > 0 ? allFailed(error, trials, last) : nobodyAsked(error, config);
  }
}

/** A provider refused the request itself: nobody else is asked, and its own words go to the client. */
export function requestRefused({ cause, trial }: CallFailed): ApiError {
  const facts = cause instanceof ProviderFailure ? cause.facts : undefined;
  const status = facts?.status !== undefined && facts.status >= 400 && facts.status < 500 ? facts.status : 400;
  const param = facts?.error?.['param'];
  const policy = trial.lastType === 'Provider.Policy';
  return new ApiError(
    status,
    {
      message: facts?.message ?? trial.message,
      type: facts?.type ?? (policy ? 'policy_violation' : 'invalid_request_error'),
      code: facts?.code ?? (policy ? 'content_filter' : null),
      param: typeof param === 'string' ? param : null,
    },
    { cause },
  );
}

/** All the time that a request may take is over. */
export function outOfTime(totalMs: number, trials: readonly Trial[]): ApiError {
  const message = `No answer within ${Math.round(totalMs / 1000)} s. ${reasonsOf(trials)}`.trim();
  return new ApiError(504, { message, ...twice('timeout') });
}

/** What whoever runs the gateway can do where Temporal, or what runs on it, is silent. */
export const LOOK = '`gantry doctor` says whether Temporal and a worker answer.';

/** The ledger does not answer: nothing is spent without it. */
export function ledgerAway(error: Error): ApiError {
  const why = error.message.replace(/ Nothing is spent without it\.$/, '');
  const message = `Nothing is spent while the ledger of budgets does not answer: ${why} ${LOOK}`;
  return new ApiError(
    503,
    { message, ...twice('budget_unavailable') },
    { retryAt: Date.now() + PASSES_MS, cause: error },
  );
}

function allFailed(error: NobodyAvailable, trials: readonly Trial[], last: CallFailed | undefined): ApiError {
  const retryAt = soonest(error, trials);
  // Who was asked is told with how it failed; who was not, with why not.
  const others = error.rejected.filter((one) => !trials.some((trial) => candidateKey(trial) === candidateKey(one)));
  const message = [reasonsOf(trials), ...others.map(reasonOf)].join(' ');
  const types = new Set(trials.map(({ lastType }) => lastType));
  // Who is unsuited stays so: that another does not fit either changes nothing.
  const isAlone = others.every(({ kind }) => kind === 'unsuited');
  const only = types.size === 1 && isAlone ? trials[0]?.lastType : undefined;
  switch (only) {
    case 'Provider.NotFound':
      return new ApiError(404, { message, type: 'invalid_request_error', param: 'model', code: 'model_not_found' });
    case 'Provider.RateLimited':
      return new ApiError(429, { message, ...twice('rate_limit_exceeded') }, { retryAt, cause: error });
    case 'Provider.Timeout':
      return new ApiError(504, { message, ...twice('timeout') }, { cause: error });
    case 'Provider.Request':
      return refusedByAll(message, last, error);
    default:
      return unavailable(message, retryAt, error);
  }
}

/** The request fits no context, or asks for what those who were asked have no words for: it is the client's to change. */
function refusedByAll(message: string, last: CallFailed | undefined, cause: Error): ApiError {
  const code = last?.cause instanceof ProviderFailure ? last.cause.facts.code : undefined;
  const tooLong = code !== UNSUPPORTED.code;
  const what = tooLong ? { param: 'messages', code: TOO_LONG.code } : { code: UNSUPPORTED.code };
  return new ApiError(400, { message, type: 'invalid_request_error', ...what }, { cause });
}

function nobodyAsked(error: NobodyAvailable, config: Pick<ModelConfig, 'providers'>): ApiError {
  const { message, rejected } = error;
  const tooLong = rejected.some((one) => one.kind === 'unsuited' && isConfigured(config, one));
  if (tooLong && rejected.every(({ kind }) => kind === 'unsuited')) {
    const body = { message, type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' };
    return new ApiError(400, body, { cause: error });
  }
  return unavailable(message, error.retryAt ?? Date.now() + LASTS_MS, error);
}

function unavailable(message: string, retryAt: number, cause: Error): ApiError {
  return new ApiError(503, { message, ...twice('no_provider_available') }, { retryAt, cause });
}

function soonest(error: NobodyAvailable, trials: readonly Trial[]): number {
  const known = soonestOf(error.retryAt, ...trials.map(({ notBefore }) => notBefore));
  if (known !== undefined) return known;
  return Date.now() + (trials.some(({ lastType }) => passes(lastType)) ? PASSES_MS : LASTS_MS);
}

function soonestOf(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function passes(type: ErrorType): boolean {
  return ERRORS[type].retryable;
}

function isConfigured({ providers }: Pick<ModelConfig, 'providers'>, { provider, model }: RejectedCandidate): boolean {
  return model !== '*' && providers.some(({ name }) => name === provider);
}

function reasonsOf(trials: readonly Trial[]): string {
  return trials.map(({ lastType, message }) => `${lastType}: ${message}`).join(' ');
}

function reasonOf(rejected: RejectedCandidate): string {
  return `${candidateKey(rejected)}: ${rejected.reason.replace(/\.$/, '')}.`;
}

/** OpenAI's clients read one or the other. */
function twice(word: string): { readonly type: string; readonly code: string } {
  return { type: word, code: word };
}
