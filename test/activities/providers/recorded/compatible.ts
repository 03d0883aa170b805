import { ELSEWHERE, openAiError as error, rowsOf, type Recorded } from './recorded';

const deepseek = rowsOf('deepseek');
const kimi = rowsOf('kimi');
const perplexity = rowsOf('perplexity');
const localai = rowsOf('localai');
const anythingllm = rowsOf('anythingllm');
const litellm = rowsOf('litellm');
const vllm = rowsOf('vllm');

const invalid = (message: string) => error('invalid_request_error', 'invalid_request_error', message);
const typed = (type: string, message: string) => ({ error: { type, message } });
const numbered = (code: number, message: string, type = '') => ({ error: { code, message, type } });

export const COMPATIBLE_FAILURES: readonly Recorded[] = [
  deepseek('no balance', 402, error('unknown_error', 'invalid_request_error', 'Insufficient Balance'), 'Quota'),
  deepseek('busy', 503, error('service_unavailable_error', null, 'Service is too busy'), 'Overloaded'),
  deepseek('bad key', 401, error('authentication_error', 'invalid_request_error', 'Authentication Fails'), 'Auth'),
  deepseek('unknown model', 400, invalid('Model Not Exist'), 'NotFound'),
  deepseek('risk', 400, invalid('Content Exists Risk'), 'Policy'),
  deepseek('too long', 400, invalid("This model's maximum context length is 65536 tokens."), 'Request', ELSEWHERE),
  deepseek('bad parameter', 422, invalid('Failed to deserialize the JSON body'), 'Request'),

  kimi('engine', 429, typed('engine_overloaded_error', 'The engine is currently overloaded'), 'Overloaded'),
  kimi('engine in words', 429, { error: { message: 'The engine is currently overloaded' } }, 'Overloaded'),
  kimi('quota', 429, typed('exceeded_current_quota_error', 'Your account is suspended'), 'Quota'),
  kimi('balance', 403, { error: { message: 'Your account has insufficient balance' } }, 'Quota'),
  kimi('billing cycle', 403, { error: { message: "You've reached your usage limit for this billing cycle" } }, 'Quota'),
  kimi('period', 429, { error: { message: "You've reached your usage limit for this period" } }, 'Quota'),
  kimi('membership', 402, { error: { message: 'We are unable to verify your membership benefits' } }, 'Quota'),
  kimi(
    'rate limit',
    429,
    typed('rate_limit_reached_error', 'Your account reached max RPM: 3, please try again after 1 seconds'),
    'RateLimited',
    { retryAfterMs: 1_000 },
  ),
  kimi('bad key', 401, typed('invalid_authentication_error', 'Invalid Authentication'), 'Auth'),
  kimi('terminated', 403, typed('permission_denied_error', 'Access terminated'), 'Auth'),
  kimi('unknown model', 404, typed('resource_not_found_error', 'Not found the model'), 'NotFound'),
  kimi('risk', 400, typed('content_filter', 'The request was rejected: high risk'), 'Policy'),
  kimi(
    'too long',
    400,
    typed('invalid_request_error', 'Your request exceeded model token limit : 8192'),
    'Request',
    ELSEWHERE,
  ),

  perplexity('rate limit', 429, numbered(429, 'Request rate limit exceeded', 'too_many_requests'), 'RateLimited'),
  perplexity('spent', 401, numbered(401, 'You exceeded your current quota', 'insufficient_quota'), 'Quota'),
  perplexity('unknown model', 400, numbered(400, "Invalid model 'sonar-x'.", 'invalid_model'), 'NotFound'),
  perplexity('bad parameter', 400, numbered(400, 'max_tokens must be at least 16', 'invalid_parameter'), 'Request'),
  perplexity('bad key', 401, '<html><h1>401 Authorization Required</h1></html>', 'Auth'),

  localai('no key', 401, numbered(401, 'An authentication key is required'), 'Auth'),
  localai('unknown model', 404, numbered(404, 'model not found'), 'NotFound'),
  localai('not loaded', 500, numbered(500, 'could not load model: rpc error'), 'ServerError', { scope: 'model' }),
  localai('backend', 500, numbered(500, 'rpc error: code = Unavailable desc = error reading'), 'ServerError'),
  localai('too long', 400, numbered(400, 'it needs too much', 'exceed_context_size_error'), 'Request', ELSEWHERE),

  anythingllm('bad key', 403, { error: 'No valid api key found.' }, 'Auth'),
  anythingllm('unknown workspace', 401, '', 'NotFound'),
  anythingllm('no prompt', 400, { id: 'x', type: 'abort', error: 'No user prompt found.' }, 'Request'),
  anythingllm('failed', 500, '', 'ServerError'),

  litellm('budget', 429, error('budget_exceeded', '429', 'Budget has been exceeded'), 'Quota'),
  vllm(
    'too long',
    400,
    {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens.",
      type: 'BadRequestError',
      code: 400,
    },
    'Request',
    ELSEWHERE,
  ),
  vllm(
    'unknown model',
    404,
    { object: 'error', message: 'It does not exist.', type: 'NotFoundError', code: 404 },
    'NotFound',
  ),
];
