import type { ErrorType } from '../errors';

/** A failure as clients of OpenAI's API read it. */
export interface OpenAiError {
  /** Of the HTTP response. */
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly message: string;
      readonly type: string;
      readonly param: string | null;
      readonly code: string | null;
    };
  };
}

type Row = readonly [status: number, type: string, code: string];

const ROWS: Partial<Record<ErrorType, Row>> = {
  'Provider.Request': [400, 'invalid_request_error', 'invalid_request'],
  'Provider.Policy': [400, 'invalid_request_error', 'content_policy_violation'],
  'Budget.Exhausted': [402, 'budget_exceeded', 'budget_exceeded'],
  'Policy.Denied': [403, 'policy_violation', 'policy_violation'],
  'Provider.NotFound': [404, 'invalid_request_error', 'model_not_found'],
  'Provider.RateLimited': [429, 'rate_limit_error', 'rate_limit_exceeded'],
  'Provider.Auth': [502, 'api_error', 'provider_refused_key'],
  'Provider.BadResponse': [502, 'api_error', 'bad_response'],
  'Provider.Network': [502, 'api_error', 'provider_unreachable'],
  'Provider.ServerError': [502, 'api_error', 'provider_failed'],
  'Provider.Overloaded': [503, 'api_error', 'provider_overloaded'],
  'Provider.Quota': [503, 'api_error', 'provider_quota'],
  'Provider.Unavailable': [503, 'api_error', 'no_provider_available'],
  'Provider.None': [503, 'api_error', 'no_provider_available'],
  'Budget.Unavailable': [503, 'api_error', 'budget_unavailable'],
  'Provider.Timeout': [504, 'timeout', 'timeout'],
};

const OTHERWISE: Row = [500, 'api_error', 'internal_error'];

/** What a provider itself says of a request that it refuses, as far as it does. */
export interface OwnWords {
  readonly status?: number;
  readonly message?: string;
  readonly param?: string;
  readonly code?: string;
}

/** A failure of contracts/errors.ts in OpenAI's words; in those of a provider, where these say more. */
export function openAiErrorOf(failure: ErrorType, message: string, own: OwnWords = {}): OpenAiError {
  const [status, type, code] = ROWS[failure] ?? OTHERWISE;
  const error = { message: own.message ?? message, type, param: own.param ?? null, code: own.code ?? code };
  return { status: own.status ?? status, body: { error } };
}
