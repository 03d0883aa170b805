import { classifyAnthropic, ANTHROPIC_RULES } from '../../../activities/providers/classify/anthropic';
import { factsOfError, factsOfResponse } from '../../../activities/providers/classify/facts';
import { classifyOllama, OLLAMA_RULES } from '../../../activities/providers/classify/ollama';
import { classifyAnythingLlm, classifyOpenAi, OPENAI_RULES } from '../../../activities/providers/classify/openai';
import type { Classify } from '../../../activities/providers/classify/rule';
import { isErrorType } from '../../../contracts/errors';
import { bodyOf, recordedFailures } from './recorded';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const CLASSIFIERS: Record<string, Classify> = {
  anthropic: classifyAnthropic,
  openai: classifyOpenAi,
  ollama: classifyOllama,
  anythingllm: classifyAnythingLlm,
};

/** Vendors of the OpenAI protocol go through its one table. */
function classifierOf(vendor: string): Classify {
  return CLASSIFIERS[vendor] ?? classifyOpenAi;
}

const RECORDED = recordedFailures(NOW);
const QUOTA_WORDS = 'You exceeded your current quota, please check your plan and billing details.';
const anthropic = (type: string, message: string, error_code?: string) => ({
  type: 'error',
  error: { type, message, ...(error_code ? { details: { error_code } } : {}) },
});

describe('a recorded answer', () => {
  it.each(RECORDED)('$vendor: $what ($status)', (recorded) => {
    const { vendor, status, headers, verdict } = recorded;
    const facts = factsOfResponse(status, headers, bodyOf(recorded));
    const { fix, ...judged } = classifierOf(vendor)(facts, NOW);
    expect(judged).toEqual(verdict);
    expect(fix).toMatch(/^[A-Z].*\.$/);
  });

  it('is there for every vendor and every class', () => {
    expect(RECORDED.length).toBeGreaterThanOrEqual(100);
    expect(new Set(RECORDED.map(({ vendor }) => vendor)).size).toBe(13);
    // The network is nobody's answer.
    expect(new Set(RECORDED.map(({ verdict }) => verdict.type)).size).toBe(10);
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

  const because = (code: string, message = 'fetch failed') =>
    Object.assign(new TypeError(message), { cause: { code } });
  it.each([
    ['nobody listens', because('ECONNREFUSED'), 'Network'],
    ['the connection is reset', because('ECONNRESET'), 'Network'],
    ['the name is unknown', because('ENOTFOUND'), 'Network'],
    ['the name cannot be looked up', because('EAI_AGAIN'), 'Network'],
    ["the certificate is nobody's", because('DEPTH_ZERO_SELF_SIGNED_CERT'), 'Network'],
    ['the other side closed', because('UND_ERR_SOCKET', 'terminated'), 'Network'],
    ['no headers came', because('UND_ERR_HEADERS_TIMEOUT'), 'Timeout'],
    ['the body stalled', because('UND_ERR_BODY_TIMEOUT', 'terminated'), 'Timeout'],
    ['no connection was made', because('UND_ERR_CONNECT_TIMEOUT'), 'Timeout'],
    ['the connection timed out', because('ETIMEDOUT'), 'Timeout'],
    ['what came is no JSON', new SyntaxError('Unexpected token < in JSON'), 'BadResponse'],
    ['fetch failed', new TypeError('fetch failed'), 'Network'],
    ['nobody ever saw it', new Error('nobody ever saw this'), 'ServerError'],
  ])('means the same for all vendors when %s', (_what, thrown, expected) => {
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
    const tooLong = { error: { code: 'context_length_exceeded', message: 'too long' } };
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

  it.each([
    ['Please try again in 120ms.', 120],
    ['Please retry in 36.4s.', 36_400],
    ['Please try again in 6m0s.', 360_000],
    ['please try again after 1 seconds', 1_000],
    ['Try again in 2 hours 30 minutes.', 9_000_000],
    ['Please try again in a moment.', undefined],
    ['Please try again in 3 fortnights.', undefined],
  ])('in the words %j is %s', (message, expected) => {
    expect(wait({}, { error: { message } })).toBe(expected);
  });

  it('is read from the body where no header tells it', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36.4s' }];
    const limited = [{ error: { message: 'Limit', details } }];
    expect(wait({}, limited)).toBe(36_400);
    expect(wait({ 'retry-after': '7' }, limited)).toBe(7_000);
  });
});

describe('the reset a provider tells', () => {
  const reset = (error: object, headers: Record<string, string> = {}) =>
    classifyOpenAi(factsOfResponse(402, headers, JSON.stringify({ error })), NOW).resetsAt;

  it.each([
    [{ resets_at: '2026-12-01' }, Date.parse('2026-12-01')],
    [{ resets_at: '2026-12-01T09:30:00+01:00' }, Date.parse('2026-12-01T08:30:00Z')],
    [{ metadata: { reset_at: NOW / 1000 + 60 } }, NOW + 60_000],
    [{ details: { resetsAt: NOW + 60_000 } }, NOW + 60_000],
    [{ resets_in_seconds: 90 }, NOW + 90_000],
    [{ message: 'You will regain access on 2026-12-01.' }, Date.parse('2026-12-01')],
    [{ resets_at: '2020-01-01' }, undefined],
    [{ resets_at: 'soon' }, undefined],
    [{ resets_at: 99_999_999_999_999 }, undefined],
    [{}, undefined],
  ])('in %j is %s', (error, expected) => {
    expect(reset(error)).toBe(expected);
  });

  it('may be further away than a wait that is slept', () => {
    expect(reset({}, { 'retry-after': '259200' })).toBe(NOW + 259_200_000);
  });

  it('is for used up accounts and limits that last, and no matter of a bad key or a short limit', () => {
    const soon = { 'retry-after': '30' };
    const counts = (status: number) => classifyOpenAi(factsOfResponse(status, soon, ''), NOW);
    expect(counts(402)).toMatchObject({ counts: 'limit', resetsAt: NOW + 30_000 });
    expect(counts(401)).toMatchObject({ counts: 'permanent' });
    expect(counts(401)).not.toHaveProperty('resetsAt');
    expect(counts(429)).toMatchObject({ counts: 'transient', retryAfterMs: 30_000 });
    expect(counts(429)).not.toHaveProperty('resetsAt');
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
