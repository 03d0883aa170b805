import { ELSEWHERE, HTML, openAiError as error, QUOTA_WORDS, rowsOf, type Recorded } from './recorded';

const row = rowsOf('openai');
const azure = rowsOf('azure');
const invalid = (code: string | null, message: string) => error('invalid_request_error', code, message);

export function openAiFailures(now: number): readonly Recorded[] {
  const limit = error('requests', 'rate_limit_exceeded', 'Rate limit reached for gpt in organization');
  return [
    row('rate limit', 429, limit, 'RateLimited'),
    row('rate limit in milliseconds', 429, limit, 'RateLimited', {
      headers: { 'retry-after-ms': '1500', 'retry-after': '2' },
      retryAfterMs: 1_500,
    }),
    row(
      'rate limit in words',
      429,
      error('tokens', 'rate_limit_exceeded', 'Rate limit reached. Please try again in 6m0s.'),
      'RateLimited',
      { retryAfterMs: 360_000 },
    ),
    row(
      'more tokens than a minute allows',
      429,
      error('tokens', 'rate_limit_exceeded', 'Request too large for gpt: Limit 30000, Requested 40000.'),
      'Request',
      ELSEWHERE,
    ),
    row('slow down', 503, error('server_error', 'slow_down', 'Slow down'), 'RateLimited'),
    row('insufficient quota', 429, error('insufficient_quota', 'insufficient_quota', QUOTA_WORDS), 'Quota'),
    row('insufficient quota by type', 429, error('insufficient_quota', null, QUOTA_WORDS), 'Quota'),
    row('credit balance', 429, invalid('credit_balance_exhausted', 'No credit'), 'Quota'),
    row('organization spend', 429, error('requests', 'organization_spend_limit_exceeded', 'Limit'), 'Quota'),
    row('project spend', 429, error('requests', 'project_spend_limit_exceeded', 'Limit'), 'Quota'),
    row('organization usage', 429, error('requests', 'organization_usage_limit_exceeded', 'Limit'), 'Quota'),
    row('hard limit', 429, invalid('billing_hard_limit_reached', 'Billing hard limit'), 'Quota'),
    row(
      'usage limit with a reset',
      429,
      { error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 7_200 } },
      'Quota',
      { counts: 'limit', resetsAt: now + 7_200_000 },
    ),
    row('overloaded', 503, error('server_error', 'server_is_overloaded', 'The server is overloaded'), 'Overloaded'),
    row('server error', 500, error('server_error', null, 'The server had an error'), 'ServerError'),
    row('bad gateway page', 502, HTML, 'ServerError'),
    row('gateway timeout', 504, '', 'ServerError'),
    row('a time limit of the edge', 524, HTML, 'ServerError'),
    row('not implemented', 501, '', 'Request'),
    row('bad key', 401, invalid('invalid_api_key', 'Incorrect API key provided'), 'Auth'),
    row('country', 403, error('request_forbidden', 'unsupported_country_region_territory', 'No'), 'Auth'),
    row('unknown model', 404, invalid('model_not_found', 'The model does not exist'), 'NotFound'),
    row('unknown model as 400', 400, invalid('model_not_found', 'The model does not exist'), 'NotFound'),
    row('model not for this project', 403, invalid('model_not_found', 'Project has no access to it'), 'NotFound'),
    row('context length', 400, invalid('context_length_exceeded', 'It is 128000'), 'Request', ELSEWHERE),
    row('content policy', 400, invalid('content_policy_violation', 'Rejected by our safety system'), 'Policy'),
    row('flagged prompt', 400, invalid('invalid_prompt', 'Your prompt was flagged'), 'Policy'),
    row('content filter', 400, error(null, 'content_filter', 'The response was filtered'), 'Policy'),
    row('malformed request', 400, invalid(null, "Unknown parameter: 'foo'"), 'Request'),
    row('a request to be tried again all the same', 400, invalid(null, 'Try that again'), 'Request', {
      headers: { 'x-should-retry': 'true' },
      retryable: true,
    }),
    row('unprocessable', 422, { detail: 'value is not a valid list' }, 'Request'),
    row('lock', 409, invalid(null, 'Conflict'), 'ServerError'),
    row('200 with an error', 200, { error: { message: 'Provider returned error', code: 429 } }, 'RateLimited'),
    row('200 with a web page', 200, HTML, 'BadResponse'),
    row('200 without choices', 200, { id: 'x' }, 'BadResponse'),
    azure('filter', 400, error(null, 'content_filter', 'The response was filtered'), 'Policy'),
    azure('limit', 429, { error: { code: '429', message: 'Requests have exceeded call rate limit' } }, 'RateLimited', {
      headers: { 'x-ms-retry-after-ms': '800' },
      retryAfterMs: 800,
    }),
    azure('bad key', 401, { error: { code: '401', message: 'Access denied due to invalid key' } }, 'Auth'),
    azure('no deployment', 404, { error: { code: 'DeploymentNotFound', message: 'No such deployment' } }, 'NotFound'),
  ];
}
