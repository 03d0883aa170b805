import { DAY, ELSEWHERE, HOUR, QUOTA_WORDS, rowsOf, type Recorded } from './recorded';

const gemini = rowsOf('gemini');
const openrouter = rowsOf('openrouter');

function limited(quotaId: string, retryDelay?: string): object[] {
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] },
    ...(retryDelay ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }] : []),
  ];
  return [{ error: { code: 429, message: QUOTA_WORDS, status: 'RESOURCE_EXHAUSTED', details } }];
}

const google = (code: number, status: string, message: string) => [{ error: { code, message, status } }];
const routed = (code: number, message: string, metadata: object = {}) => ({ error: { code, message, metadata } });

/** Those who say a thing in the words of another, or pass on what another said. */
export function routedFailures(now: number): readonly Recorded[] {
  const daily = 'GenerateRequestsPerDayPerProjectPerModel';
  const reset = now + 3 * DAY;
  return [
    gemini(
      'limit per minute, in the words of an empty account',
      429,
      limited('GenerateRequestsPerMinutePerProjectPerModel', '36.4s'),
      'RateLimited',
      { retryAfterMs: 36_400 },
    ),
    gemini('limit per day', 429, limited(daily), 'Quota'),
    gemini('limit per day with a wait of hours', 429, limited(daily, '40000s'), 'Quota', {
      ...{ retryAfterMs: 40_000_000, counts: 'limit', resetsAt: now + 40_000_000 },
    }),
    gemini('no hint at all', 429, google(429, 'RESOURCE_EXHAUSTED', QUOTA_WORDS), 'Quota'),
    gemini(
      'wait in words',
      429,
      google(429, 'RESOURCE_EXHAUSTED', `${QUOTA_WORDS} Please retry in 36.4s.`),
      'RateLimited',
      { retryAfterMs: 36_400 },
    ),
    gemini('bad key', 400, google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'), 'Auth'),
    gemini('country', 400, google(400, 'FAILED_PRECONDITION', 'User location is not supported.'), 'Auth'),
    gemini('unknown model', 404, google(404, 'NOT_FOUND', 'models/nope is not found'), 'NotFound'),
    gemini(
      'too long',
      400,
      google(400, 'INVALID_ARGUMENT', 'The input token count (2000000) exceeds the maximum of 1048576.'),
      'Request',
      ELSEWHERE,
    ),
    gemini('overloaded', 503, google(503, 'UNAVAILABLE', 'The model is overloaded.'), 'Overloaded'),
    gemini('internal', 500, google(500, 'INTERNAL', 'An internal error has occurred.'), 'ServerError'),

    openrouter('no credit', 402, routed(402, 'Insufficient credits'), 'Quota'),
    openrouter(
      'money in flight',
      402,
      routed(402, 'Too much in flight', { limit_source: 'openrouter_in_flight_budget' }),
      'RateLimited',
      { headers: { 'retry-after': '2' }, retryAfterMs: 2_000, counts: 'no' },
    ),
    openrouter(
      'budget with a reset',
      403,
      routed(403, 'Key limit exceeded', { resets_at: new Date(reset).toISOString() }),
      'Quota',
      { counts: 'limit', resetsAt: reset },
    ),
    openrouter('budget with a reset in seconds', 403, routed(403, 'Limit', { resets_at: reset / 1000 }), 'Quota', {
      ...{ counts: 'limit', resetsAt: reset },
    }),
    openrouter('budget without a reset', 403, routed(403, 'Limit', { limit_source: 'key' }), 'Quota'),
    openrouter(
      'free models of a day',
      429,
      routed(429, 'Rate limit exceeded: free-models-per-day', {
        headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(now + 9 * HOUR) },
      }),
      'RateLimited',
      { retryAfterMs: 9 * HOUR, counts: 'limit', resetsAt: now + 9 * HOUR },
    ),
    openrouter('moderation', 403, routed(403, 'Flagged', { reasons: ['violence'], flagged_input: '…' }), 'Policy'),
    openrouter('rate limit', 429, routed(429, 'Limited', { error_type: 'rate_limit_exceeded' }), 'RateLimited'),
    openrouter('limit behind it', 429, routed(429, 'Provider returned error', { provider_name: 'X' }), 'RateLimited', {
      scope: 'model',
    }),
    openrouter(
      'failure behind it',
      502,
      routed(502, 'Provider returned error', { provider_name: 'X' }),
      'ServerError',
      {
        scope: 'model',
      },
    ),
    openrouter('load behind it', 503, routed(503, 'Overloaded', { error_type: 'provider_overloaded' }), 'Overloaded', {
      scope: 'model',
    }),
    openrouter('nobody behind it', 503, routed(503, 'There is no available model provider for it'), 'Overloaded', {
      scope: 'model',
    }),
    openrouter('200 with an error', 200, { error: { code: 502, message: 'Provider returned error' } }, 'ServerError'),
    openrouter('unknown model', 400, routed(400, 'foo/bar is not a valid model ID'), 'NotFound'),
    openrouter('no endpoint', 404, routed(404, 'No endpoints found for foo/bar.'), 'NotFound'),
    openrouter('bad key', 401, routed(401, 'No auth credentials found'), 'Auth'),
    openrouter('took too long', 408, routed(408, 'The request timed out'), 'Timeout'),
  ];
}
