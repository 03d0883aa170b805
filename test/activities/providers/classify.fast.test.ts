import { classifyAnthropic, ANTHROPIC_RULES } from '../../../activities/providers/classify/anthropic';
import { factsOfError, factsOfResponse } from '../../../activities/providers/classify/facts';
import { classifyOllama, OLLAMA_RULES } from '../../../activities/providers/classify/ollama';
import { classifyOpenAi, OPENAI_RULES } from '../../../activities/providers/classify/openai';
import type { Classify } from '../../../activities/providers/classify/rule';
import { isErrorType } from '../../../contracts/errors';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const CLASSIFIERS: Record<string, Classify> = {
  anthropic: classifyAnthropic,
  openai: classifyOpenAi,
  ollama: classifyOllama,
};

/** Vendors of the OpenAI protocol go through its one table. */
function classifierOf(vendor: string): Classify {
  return CLASSIFIERS[vendor] ?? classifyOpenAi;
}

type Recorded = readonly [vendor: string, what: string, status: number, body: unknown, expected: string];

const anthropic = (type: string, message: string, error_code?: string) => ({
  type: 'error',
  error: { type, message, ...(error_code ? { details: { error_code } } : {}) },
  request_id: 'req_011',
});
const openai = (type: string | null, code: string | null, message: string) => ({
  error: { message, type, param: null, code },
});
const QUOTA_WORDS = 'You exceeded your current quota, please check your plan and billing details.';
const gemini = (quotaId: string, retryDelay?: string) => [
  {
    error: {
      code: 429,
      message: QUOTA_WORDS,
      status: 'RESOURCE_EXHAUSTED',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] },
        ...(retryDelay ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }] : []),
      ],
    },
  },
];
const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>';

const RECORDED: readonly Recorded[] = [
  [
    'anthropic',
    'rate limit',
    429,
    anthropic('rate_limit_error', 'This request would exceed your rate limit.'),
    'RateLimited',
  ],
  [
    'anthropic',
    'ramp limit',
    429,
    anthropic('rate_limit_error', 'Ramping too fast.', 'ramp_limit_exceeded'),
    'RateLimited',
  ],
  [
    'anthropic',
    'enforced spend limit',
    429,
    anthropic('rate_limit_error', 'Spend limit.', 'enforced_spend_limit_reached'),
    'Quota',
  ],
  [
    'anthropic',
    'contract spend limit',
    429,
    anthropic('rate_limit_error', 'Spend limit.', 'contract_spend_limit_reached'),
    'Quota',
  ],
  ['anthropic', 'overloaded', 529, anthropic('overloaded_error', 'Overloaded'), 'Overloaded'],
  ['anthropic', 'overloaded without a body', 529, '', 'Overloaded'],
  ['anthropic', 'internal error', 500, anthropic('api_error', 'Internal server error'), 'ServerError'],
  ['anthropic', 'gateway page', 502, HTML, 'ServerError'],
  ['anthropic', 'gateway timeout', 504, anthropic('timeout_error', 'The request timed out'), 'Timeout'],
  ['anthropic', 'bad key', 401, anthropic('authentication_error', 'invalid x-api-key'), 'Auth'],
  ['anthropic', 'forbidden', 403, anthropic('permission_error', 'Your key has no access to this model.'), 'Auth'],
  ['anthropic', 'unknown model', 404, anthropic('not_found_error', 'model: claude-nope'), 'NotFound'],
  [
    'anthropic',
    'malformed request',
    400,
    anthropic('invalid_request_error', 'messages: at least one message is required'),
    'Request',
  ],
  [
    'anthropic',
    'prompt too long',
    400,
    anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
    'Request',
  ],
  [
    'anthropic',
    'request too large',
    413,
    anthropic('request_too_large', 'Request exceeds the maximum size'),
    'Request',
  ],
  [
    'anthropic',
    'no credit',
    400,
    anthropic('invalid_request_error', 'Your credit balance is too low to access the API.'),
    'Quota',
  ],
  [
    'anthropic',
    'usage limit',
    400,
    anthropic(
      'invalid_request_error',
      'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    ),
    'Quota',
  ],
  ['anthropic', 'billing', 402, anthropic('billing_error', 'Payment required'), 'Quota'],
  ['anthropic', 'request timeout', 408, '', 'Timeout'],
  ['anthropic', 'conflict', 409, anthropic('conflict_error', 'locked'), 'ServerError'],

  [
    'openai',
    'rate limit',
    429,
    openai('requests', 'rate_limit_exceeded', 'Rate limit reached for gpt in organization'),
    'RateLimited',
  ],
  ['openai', 'slow down', 503, openai('server_error', 'slow_down', 'Slow down'), 'RateLimited'],
  ['openai', 'insufficient quota', 429, openai('insufficient_quota', 'insufficient_quota', QUOTA_WORDS), 'Quota'],
  ['openai', 'insufficient quota by type alone', 429, openai('insufficient_quota', null, QUOTA_WORDS), 'Quota'],
  ['openai', 'credit balance', 429, openai('invalid_request_error', 'credit_balance_exhausted', 'No credit'), 'Quota'],
  [
    'openai',
    'organization spend limit',
    429,
    openai('requests', 'organization_spend_limit_exceeded', 'Limit'),
    'Quota',
  ],
  ['openai', 'project spend limit', 429, openai('requests', 'project_spend_limit_exceeded', 'Limit'), 'Quota'],
  [
    'openai',
    'organization usage limit',
    429,
    openai('requests', 'organization_usage_limit_exceeded', 'Limit'),
    'Quota',
  ],
  [
    'openai',
    'hard limit',
    429,
    openai('invalid_request_error', 'billing_hard_limit_reached', 'Billing hard limit'),
    'Quota',
  ],
  [
    'openai',
    'overloaded',
    503,
    openai('server_error', 'server_is_overloaded', 'The server is overloaded'),
    'Overloaded',
  ],
  ['openai', 'server error', 500, openai('server_error', null, 'The server had an error'), 'ServerError'],
  ['openai', 'bad gateway page', 502, HTML, 'ServerError'],
  ['openai', 'gateway timeout', 504, '', 'ServerError'],
  ['openai', 'not implemented', 501, '', 'Request'],
  ['openai', 'bad key', 401, openai('invalid_request_error', 'invalid_api_key', 'Incorrect API key provided'), 'Auth'],
  [
    'openai',
    'country',
    403,
    openai('request_forbidden', 'unsupported_country_region_territory', 'Not supported'),
    'Auth',
  ],
  [
    'openai',
    'unknown model',
    404,
    openai('invalid_request_error', 'model_not_found', 'The model does not exist'),
    'NotFound',
  ],
  [
    'openai',
    'unknown model as 400',
    400,
    openai('invalid_request_error', 'model_not_found', 'The model does not exist'),
    'NotFound',
  ],
  [
    'openai',
    'context length',
    400,
    openai('invalid_request_error', 'context_length_exceeded', 'Maximum context length is 128000'),
    'Request',
  ],
  [
    'openai',
    'content policy',
    400,
    openai('invalid_request_error', 'content_policy_violation', 'Rejected by our safety system'),
    'Policy',
  ],
  ['openai', 'content filter', 400, openai(null, 'content_filter', 'The response was filtered'), 'Policy'],
  ['openai', 'malformed request', 400, openai('invalid_request_error', null, "Unknown parameter: 'foo'"), 'Request'],
  ['openai', 'unprocessable', 422, { detail: 'value is not a valid list' }, 'Request'],
  ['openai', 'lock', 409, openai('invalid_request_error', null, 'Conflict'), 'ServerError'],
  ['openai', '200 with an error', 200, { error: { message: 'Provider returned error', code: 429 } }, 'RateLimited'],
  ['openai', '200 with a web page', 200, HTML, 'BadResponse'],
  ['openai', '200 without choices', 200, { id: 'x' }, 'BadResponse'],

  ['deepseek', 'no balance', 402, openai('unknown_error', 'invalid_request_error', 'Insufficient Balance'), 'Quota'],
  ['deepseek', 'overloaded', 503, openai('service_unavailable_error', null, 'Service is too busy'), 'Overloaded'],
  ['deepseek', 'bad key', 401, openai('authentication_error', 'invalid_request_error', 'Authentication Fails'), 'Auth'],
  [
    'kimi',
    'engine overloaded',
    429,
    openai('engine_overloaded_error', null, 'The engine is currently overloaded, please try again later'),
    'Overloaded',
  ],
  [
    'kimi',
    'engine overloaded in words',
    429,
    { error: { message: 'The engine is currently overloaded' } },
    'Overloaded',
  ],
  [
    'kimi',
    'quota',
    429,
    openai('exceeded_current_quota_error', null, 'Your account is suspended, check your plan'),
    'Quota',
  ],
  ['kimi', 'balance', 403, { error: { message: 'Your account has insufficient balance' } }, 'Quota'],
  [
    'kimi',
    'billing cycle',
    403,
    { error: { message: 'You reached your usage limit for this billing cycle' } },
    'Quota',
  ],
  ['kimi', 'rate limit', 429, openai('rate_limit_reached_error', null, 'max RPM: 3'), 'RateLimited'],
  [
    'gemini',
    'limit per minute, in the words of an empty account',
    429,
    gemini('GenerateRequestsPerMinutePerProjectPerModel', '36.4s'),
    'RateLimited',
  ],
  ['gemini', 'limit per day', 429, gemini('GenerateRequestsPerDayPerProjectPerModel'), 'Quota'],
  [
    'gemini',
    'limit per day with a wait of hours',
    429,
    gemini('GenerateRequestsPerDayPerProjectPerModel', '40000s'),
    'Quota',
  ],
  [
    'gemini',
    'no hint at all',
    429,
    { error: { code: 429, message: QUOTA_WORDS, status: 'RESOURCE_EXHAUSTED' } },
    'Quota',
  ],
  [
    'gemini',
    'wait in words',
    429,
    { error: { code: 429, message: `${QUOTA_WORDS} Please retry in 36.4s.`, status: 'RESOURCE_EXHAUSTED' } },
    'RateLimited',
  ],
  [
    'gemini',
    'bad key',
    400,
    [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } }],
    'Auth',
  ],
  [
    'gemini',
    'overloaded',
    503,
    [{ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }],
    'Overloaded',
  ],
  ['openrouter', 'no credit', 402, { error: { code: 402, message: 'Insufficient credits' } }, 'Quota'],
  [
    'openrouter',
    'budget in flight',
    402,
    { error: { code: 402, message: 'Too much in flight', metadata: { limit_source: 'openrouter_in_flight_budget' } } },
    'RateLimited',
  ],
  [
    'openrouter',
    'budget with a reset',
    403,
    { error: { code: 403, message: 'Key limit exceeded', metadata: { resets_at: '2026-12-01' } } },
    'Quota',
  ],
  [
    'openrouter',
    'moderation',
    403,
    { error: { code: 403, message: 'Flagged', metadata: { reasons: ['violence'], flagged_input: '…' } } },
    'Policy',
  ],
  [
    'openrouter',
    'provider overloaded',
    503,
    { error: { code: 503, message: 'Overloaded', metadata: { error_type: 'provider_overloaded' } } },
    'Overloaded',
  ],
  [
    'openrouter',
    'rate limit',
    429,
    { error: { code: 429, message: 'Rate limited', metadata: { error_type: 'rate_limit_exceeded' } } },
    'RateLimited',
  ],
  [
    'openrouter',
    '200 with an error of its provider',
    200,
    { error: { code: 502, message: 'Provider returned error' } },
    'ServerError',
  ],
  [
    'perplexity',
    'rate limit',
    429,
    { error: { message: 'Request rate limit exceeded', type: 'too_many_requests', code: 429 } },
    'RateLimited',
  ],
  ['localai', 'unknown model', 404, { error: { code: 404, message: 'model not found', type: '' } }, 'NotFound'],
  ['localai', 'out of memory', 500, { error: { code: 500, message: 'could not load model', type: '' } }, 'ServerError'],
  ['anythingllm', 'bad key', 403, { error: 'No valid api key found.' }, 'Auth'],
  [
    'litellm',
    'budget',
    429,
    { error: { message: 'Budget has been exceeded', type: 'budget_exceeded', param: null, code: '429' } },
    'Quota',
  ],

  [
    'ollama',
    'queue full',
    503,
    { error: 'server busy, please try again.  maximum pending requests exceeded' },
    'Overloaded',
  ],
  ['ollama', 'unknown model', 404, { error: "model 'nope' not found" }, 'NotFound'],
  [
    'ollama',
    'no memory',
    500,
    { error: 'model requires more system memory (12 GiB) than is available (8 GiB)' },
    'ServerError',
  ],
  ['ollama', 'crash', 500, { error: 'llama runner process has terminated: exit status 2' }, 'ServerError'],
  ['ollama', 'not able', 400, { error: '"nope" does not support chat' }, 'Request'],
  ['ollama', 'cloud without a key', 401, { error: 'unauthorized' }, 'Auth'],
  ['ollama', 'cloud limit', 429, { error: 'you have reached your hourly usage limit' }, 'RateLimited'],
];

describe('a recorded answer', () => {
  it.each(RECORDED)('%s: %s (%i)', (vendor, _what, status, body, expected) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const facts = factsOfResponse(status, {}, text);
    expect(classifierOf(vendor)(facts, NOW).type).toBe(`Provider.${expected}`);
  });

  it.each([
    ['anthropic', { error: anthropic('overloaded_error', 'Overloaded') }, 'Overloaded'],
    ['anthropic', { error: anthropic('rate_limit_error', 'Limit', 'enforced_spend_limit_reached') }, 'Quota'],
    ['anthropic', { error: anthropic('api_error', 'Internal server error') }, 'ServerError'],
    ['anthropic', { error: anthropic('invalid_request_error', 'Bad') }, 'Request'],
    ['openai', { error: { code: 502, message: 'Provider disconnected' } }, 'ServerError'],
    ['openai', { error: { code: 'server_error', message: 'Error' } }, 'ServerError'],
    ['openai', { error: { type: 'insufficient_quota', code: 'insufficient_quota', message: QUOTA_WORDS } }, 'Quota'],
    ['openai', { error: { type: 'rate_limit_error', message: 'Limit' } }, 'RateLimited'],
    ['openai', { error: { type: 'invalid_request_error', message: 'Bad' } }, 'Request'],
    ['ollama', new Error('an error was encountered while running the model'), 'ServerError'],
    ['ollama', new Error('Did not receive done or success response in stream.'), 'BadResponse'],
  ])('%s: an error inside a stream, without a status (%#)', (vendor, thrown, expected) => {
    const facts = factsOfError(thrown);
    expect(classifierOf(vendor)(facts, NOW).type).toBe(`Provider.${expected}`);
  });

  const because = (cause: object, message = 'fetch failed') => Object.assign(new TypeError(message), { cause });
  it.each([
    [because({ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' }), 'Network'],
    [because({ code: 'ECONNRESET' }), 'Network'],
    [because({ code: 'ENOTFOUND' }), 'Network'],
    [because({ code: 'EAI_AGAIN' }), 'Network'],
    [because({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'Network'],
    [because({ code: 'UND_ERR_SOCKET', message: 'other side closed' }, 'terminated'), 'Network'],
    [because({ code: 'UND_ERR_HEADERS_TIMEOUT' }), 'Timeout'],
    [because({ code: 'UND_ERR_BODY_TIMEOUT' }, 'terminated'), 'Timeout'],
    [because({ code: 'UND_ERR_CONNECT_TIMEOUT' }), 'Timeout'],
    [because({ code: 'ETIMEDOUT' }), 'Timeout'],
    [new SyntaxError('Unexpected token < in JSON'), 'BadResponse'],
    [new TypeError('fetch failed'), 'Network'],
    [new Error('nobody ever saw this'), 'ServerError'],
  ])('means the same for all vendors when there was none: %s', (thrown, expected) => {
    const verdicts = Object.values(CLASSIFIERS).map((classify) => classify(factsOfError(thrown), NOW).type);
    expect(verdicts).toEqual(Object.keys(CLASSIFIERS).map(() => `Provider.${expected}`));
  });

  it('is retried when nobody knows it: unknown is not final', () => {
    const { retryable, failover } = classifyOpenAi(factsOfError({ weird: true }), NOW);
    expect({ retryable, failover }).toEqual({ retryable: true, failover: true });
  });

  it('follows the advice of the provider to retry or not, and keeps its class', () => {
    const verdict = (status: number, advice: string) =>
      classifyOpenAi(factsOfResponse(status, { 'x-should-retry': advice }, ''), NOW);
    expect(verdict(429, 'false')).toMatchObject({ type: 'Provider.RateLimited', retryable: false, failover: true });
    expect(verdict(400, 'true')).toMatchObject({ type: 'Provider.Request', retryable: true, failover: false });
  });

  it('has a person told what to do, and in its own way where that helps', () => {
    expect(classifyOllama(factsOfResponse(404, {}, '{"error":"model not found"}'), NOW).fix).toContain('ollama pull');
    const tooLong = openai('invalid_request_error', 'context_length_exceeded', 'too long');
    expect(classifyOpenAi(factsOfResponse(400, {}, JSON.stringify(tooLong)), NOW)).toMatchObject({
      failover: true,
      fix: 'Attach less, or take a model with a larger context.',
    });
  });
});

describe('the rules', () => {
  const all = [...ANTHROPIC_RULES, ...OPENAI_RULES, ...OLLAMA_RULES];

  it('never decide by the words of a message alone', () => {
    const byWords = all.filter(({ when }) => when.message !== undefined);
    expect(byWords.length).toBeGreaterThan(5);
    byWords.forEach(({ when }) => expect(when.status ?? when.type ?? when.code ?? when.cause).toBeDefined());
  });

  it('know only failures of the common table', () => {
    all.forEach(({ type }) => expect(isErrorType(type)).toBe(true));
  });
});

describe('the wait a provider asks for', () => {
  const wait = (headers: Record<string, string>, body: unknown = {}) =>
    classifyOpenAi(factsOfResponse(429, headers, JSON.stringify(body)), NOW).retryAfterMs;

  it.each([
    [{ 'retry-after-ms': '1500' }, 1_500],
    [{ 'retry-after-ms': '1500', 'retry-after': '90' }, 1_500],
    [{ 'x-ms-retry-after-ms': '250' }, 250],
    [{ 'retry-after': '90' }, 90_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sat, 21 Nov 2026 12:02:00 GMT' }, 120_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, undefined],
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': 'NaN' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': '99999999999' }, undefined],
    [{}, undefined],
  ])('in the headers %j is %s', (headers, expected) => {
    expect(wait(headers as Record<string, string>)).toBe(expected);
  });

  it('is read from the body where no header tells it', () => {
    expect(wait({}, gemini('PerMinute', '36.4s'))).toBe(36_400);
    expect(wait({}, { error: { message: 'Please try again in 120ms.' } })).toBe(120);
    expect(wait({ 'retry-after': '7' }, gemini('PerMinute', '36.4s'))).toBe(7_000);
  });
});

describe('what is said of a failure', () => {
  it('is short and on one line even for a long web page', () => {
    const { message } = factsOfResponse(
      502,
      {},
      `<html><script>var a = 1;</script><p>Oh\n\nno ${'x'.repeat(5_000)}</p></html>`,
    );
    expect(message.length).toBeLessThan(700);
    expect(message).toMatch(/^Oh no x+…$/);
  });

  it('names the status when there is nothing else', () => {
    expect(factsOfResponse(503, {}, '').message).toBe('HTTP 503 without a body');
  });

  it('ends with errors that name each other as their cause', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(factsOfError(first).causes).toEqual(['Error']);
  });
});
