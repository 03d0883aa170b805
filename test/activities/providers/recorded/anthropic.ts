import { DAY, ELSEWHERE, HOUR, HTML, rowsOf, type Recorded } from './recorded';

const row = rowsOf('anthropic');

function error(type: string, message: string, error_code?: string): object {
  const details = error_code === undefined ? {} : { details: { error_code } };
  return { type: 'error', error: { type, message, ...details }, request_id: 'req_011' };
}

/** @param now epoch milliseconds; a whole minute */
export function anthropicFailures(now: number): readonly Recorded[] {
  const regained = now + 10 * DAY;
  const day = new Date(regained).toISOString();
  const limit = error('rate_limit_error', 'This request would exceed your rate limit.');
  return [
    row('rate limit', 429, limit, 'RateLimited', { headers: { 'retry-after': '12' }, retryAfterMs: 12_000 }),
    row('rate limit with a date', 429, limit, 'RateLimited', {
      headers: { 'retry-after': new Date(now + 120_000).toUTCString() },
      retryAfterMs: 120_000,
    }),
    row('limit of five hours', 429, limit, 'RateLimited', {
      headers: { 'anthropic-ratelimit-unified-reset': String((now + 5 * HOUR) / 1000) },
      ...{ retryAfterMs: 5 * HOUR, counts: 'limit', resetsAt: now + 5 * HOUR },
    }),
    row('ramp limit', 429, error('rate_limit_error', 'Ramping too fast.', 'ramp_limit_exceeded'), 'RateLimited', {
      headers: { 'retry-after': '30' },
      retryAfterMs: 30_000,
    }),
    row('spend limit', 429, error('rate_limit_error', 'Spend limit.', 'enforced_spend_limit_reached'), 'Quota'),
    row('contract limit', 429, error('rate_limit_error', 'Spend limit.', 'contract_spend_limit_reached'), 'Quota', {
      headers: { 'retry-after': String((3 * DAY) / 1000) },
      ...{ counts: 'limit', resetsAt: now + 3 * DAY },
    }),
    row(
      'usage limit with the day it ends',
      400,
      error(
        'invalid_request_error',
        `You have reached your specified API usage limits. You will regain access on ${day.slice(0, 10)} at ${day.slice(11, 16)} UTC.`,
      ),
      'Quota',
      { counts: 'limit', resetsAt: regained },
    ),
    row('no credit', 400, error('invalid_request_error', 'Your credit balance is too low to access it.'), 'Quota'),
    row('billing', 402, error('billing_error', 'Payment required'), 'Quota'),
    row('overloaded', 529, error('overloaded_error', 'Overloaded'), 'Overloaded'),
    row('overloaded, and asked not to try again', 529, error('overloaded_error', 'Overloaded'), 'Overloaded', {
      headers: { 'x-should-retry': 'false' },
      retryable: false,
    }),
    row('overloaded without a body', 529, '', 'Overloaded'),
    row('internal error', 500, error('api_error', 'Internal server error'), 'ServerError'),
    row('gateway page', 502, HTML, 'ServerError'),
    row('gateway timeout', 504, error('timeout_error', 'The request timed out'), 'Timeout'),
    row('request timeout', 408, '', 'Timeout'),
    row('conflict', 409, error('conflict_error', 'locked'), 'ServerError'),
    row('bad key', 401, error('authentication_error', 'invalid x-api-key'), 'Auth'),
    row('forbidden', 403, error('permission_error', 'Your key may not use this API.'), 'Auth'),
    row('forbidden model', 403, error('permission_error', 'Your key has no access to this model.'), 'Auth', {
      scope: 'model',
    }),
    row('unknown model', 404, error('not_found_error', 'model: claude-nope'), 'NotFound'),
    row('malformed request', 400, error('invalid_request_error', 'messages: at least one is required'), 'Request'),
    row(
      'prompt too long',
      400,
      error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'Request',
      ELSEWHERE,
    ),
    row('request too large', 413, error('request_too_large', 'Request exceeds the maximum size'), 'Request'),
  ];
}
