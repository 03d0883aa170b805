import { inspect } from 'node:util';
import type { CompletionRequest, ModelProvider } from '../../../activities/providers/model-provider';
import {
  answer,
  anthropicAnswer,
  anthropicEvent,
  beginning,
  html,
  json,
  ollamaLine,
  openAiAnswer,
  openAiChunk,
  stream,
  type Protocol,
} from '../../support/model-wire';
import { startUpstream, type Reply, type ScriptedUpstream } from '../../support/scripted-upstream';
import { waitUntil } from '../../support/wait-until';
import { failureOf, KEY, PATIENT, providerAt } from './ask-scripted';

// Texts over all three protocols, against a real HTTP server on loopback. How answers break is in verdicts.test.ts, and
// how long they are waited for in clocks.test.ts.

const PROTOCOLS: readonly Protocol[] = ['anthropic', 'openai', 'ollama'];

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

function providerOf(protocol: Protocol): ModelProvider {
  return providerAt(upstream.url, protocol);
}

function ask(protocol: Protocol, more: Partial<CompletionRequest> = {}, signal = new AbortController().signal) {
  const messages = [{ role: 'user' as const, content: 'Say hello.' }];
  return providerOf(protocol).complete({ model: 'm', messages, timeouts: PATIENT, ...more }, signal);
}

describe.each(PROTOCOLS)('%s', (protocol) => {
  it('puts a streamed answer together and tells how it grows', async () => {
    upstream.reply(answer(protocol, ['Hello', ', ', 'wörld']));
    const lengths: number[] = [];
    const completion = await ask(protocol, { onProgress: (text) => lengths.push(text.length) });
    expect(completion).toMatchObject({ text: 'Hello, wörld', usage: { input: 11, output: 7 } });
    expect(lengths.slice(0, 3)).toEqual([5, 7, 12]);
    expect(upstream.requests[0]!.body).toMatchObject({ model: 'm', stream: true });
  });

  it('sends system text where the protocol has it', async () => {
    upstream.reply(answer(protocol, ['ok']));
    await ask(protocol, { system: 'Be brief.' });
    const { system, messages } = upstream.requests[0]!.body as {
      system?: string;
      messages: { role: string; content: string }[];
    };
    expect(system ?? messages.find(({ role }) => role === 'system')?.content).toBe('Be brief.');
  });

  it.each([408, 409, 429, 500, 502, 503, 529])('makes exactly one request when the answer is %i', async (status) => {
    upstream.reply(json(status, { error: { message: 'no' } }), answer(protocol, ['too late']));
    const failure = await failureOf(ask(protocol));
    expect(failure.verdict.retryable).toBe(true);
    expect(failure.facts.status).toBe(status);
    expect(upstream.requests).toHaveLength(1);
  });

  it('makes exactly one request when the connection is cut before an answer', async () => {
    upstream.reply({ then: 'reset' }, answer(protocol, ['too late']));
    expect((await failureOf(ask(protocol))).verdict.type).toBe('Provider.Network');
    expect(upstream.requests).toHaveLength(1);
  });

  it('makes exactly one request although the server wants to see a retry', async () => {
    upstream.reply(json(503, {}, { 'x-should-retry': 'true', 'retry-after-ms': '1' }), answer(protocol, ['too late']));
    const { verdict } = await failureOf(ask(protocol));
    expect(verdict).toMatchObject({ type: 'Provider.Overloaded', retryable: true, retryAfterMs: 1 });
    expect(upstream.requests).toHaveLength(1);
  });

  it('reads retry-after of an error the SDK would have dropped it from', async () => {
    upstream.reply(json(429, { error: { message: 'slow down' } }, { 'retry-after': '17' }));
    expect((await failureOf(ask(protocol))).verdict.retryAfterMs).toBe(17_000);
  });

  it('takes an empty answer for a bad response', async () => {
    upstream.reply(answer(protocol, [' \n']));
    const failure = await failureOf(ask(protocol));
    expect(failure).toMatchObject({ verdict: { type: 'Provider.BadResponse' }, facts: { code: 'empty' } });
  });

  it('takes a web page with status 200 for a bad response and says what it reads', async () => {
    upstream.reply(html(200));
    const failure = await failureOf(ask(protocol));
    expect(failure.verdict.type).toBe('Provider.BadResponse');
    expect(failure.facts.message).toBe('Sign in to the guest network');
  });

  it('takes a 200 that carries an error for that error', async () => {
    upstream.reply(json(200, { error: { message: 'upstream is down', code: 502 } }));
    const failure = await failureOf(ask(protocol));
    expect(failure.facts.message).toContain('upstream is down');
    expect(failure.verdict.retryable).toBe(true);
  });

  it('gives up with the caller, and the server sees it', async () => {
    upstream.reply(stream(protocol, beginning(protocol), 'stall'));
    const caller = new AbortController();
    const reason = new Error('the activity was cancelled');
    const call = ask(protocol, { onProgress: () => caller.abort(reason) }, caller.signal);
    await expect(call).rejects.toBe(reason);
    await waitUntil(() => upstream.requests[0]!.aborted);
  });

  it('says that nobody listens at the address', async () => {
    await upstream.close();
    const failure = await failureOf(ask(protocol));
    expect(failure.verdict.type).toBe('Provider.Network');
    expect(failure.facts.message).toContain('ECONNREFUSED');
  });

  it('shows its key to nobody who prints it', () => {
    const provider = providerOf(protocol);
    const shown = inspect(provider, { depth: 10, showHidden: true }) + JSON.stringify(provider);
    expect(shown).not.toContain(KEY);
  });
});

it.each([
  ['anthropic', anthropicEvent('error', { error: { type: 'api_error', message: 'broken' } })],
  ['openai', 'data: {"error":{"message":"broken"}}\n\n'],
  ['ollama', '{"error":"broken"}\n'],
] as const)('hangs up on %s after an error inside the stream', async (protocol, error) => {
  upstream.reply(stream(protocol, [...beginning(protocol), error], 'stall'));
  expect((await failureOf(ask(protocol))).facts.message).toBe('broken');
  await waitUntil(() => upstream.requests[0]!.aborted);
});

describe('anthropic', () => {
  it.each([
    ['overloaded_error', 'Provider.Overloaded'],
    ['rate_limit_error', 'Provider.RateLimited'],
    ['api_error', 'Provider.ServerError'],
  ])('classifies %s inside a stream, where there is no status', async (type, expected) => {
    const error = anthropicEvent('error', { error: { type, message: 'Overloaded' } });
    upstream.reply(stream('anthropic', [...beginning('anthropic'), error]));
    const failure = await failureOf(ask('anthropic'));
    expect(failure).toMatchObject({ verdict: { type: expected }, facts: { message: 'Overloaded' } });
  });

  it('counts cached tokens as input', async () => {
    const usage = { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 };
    upstream.reply(anthropicAnswer(['ok'], 'end_turn', usage));
    const completion = await ask('anthropic');
    expect(completion.usage).toEqual({ input: 130, output: 7, cacheRead: 100, cacheWrite: 20 });
    expect(completion.requestId).toBe('req-anthropic-1');
  });

  it.each([
    ['refusal', 'Provider.Policy'],
    ['max_tokens', 'Provider.Request'],
  ])('takes the stop reason %s for %s', async (reason, type) => {
    upstream.reply(anthropicAnswer(['Half'], reason));
    expect((await failureOf(ask('anthropic'))).verdict.type).toBe(type);
  });

  it('holds a model that can be held to the schema, and asks older ones in words', async () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    upstream.reply(answer('anthropic', ['{}']), answer('anthropic', ['{}']));
    await ask('anthropic', { schema, model: 'claude-sonnet-5' });
    await ask('anthropic', { schema, model: 'claude-3-5-sonnet' });
    expect(upstream.requests[0]!.body['output_config']).toEqual({ format: { type: 'json_schema', schema } });
    expect(upstream.requests[1]!.body['output_config']).toBeUndefined();
  });
});

describe('openai', () => {
  it('reads usage from a chunk that still has choices, and keeps it', async () => {
    const usage = { prompt_tokens: 50, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 40 }, cost: 0.25 };
    const chunks = [
      openAiChunk({ content: 'ok' }, 'stop', { usage }),
      openAiChunk({}, null, { choices: [], usage: null }),
    ];
    upstream.reply(stream('openai', chunks));
    expect(await ask('openai')).toMatchObject({ usage: { input: 50, output: 2, cacheRead: 40 }, costUsd: 0.25 });
  });

  it('classifies an error object inside a stream by the status it names', async () => {
    const error = `data: ${JSON.stringify({ error: { code: 503, message: 'Provider disconnected' } })}\n\n`;
    upstream.reply(stream('openai', [...beginning('openai'), error]));
    const failure = await failureOf(ask('openai'));
    expect(failure).toMatchObject({
      verdict: { type: 'Provider.Overloaded' },
      facts: { message: 'Provider disconnected' },
    });
  });

  it.each([
    ['content_filter', 'Provider.Policy'],
    ['length', 'Provider.Request'],
    ['error', 'Provider.BadResponse'],
  ])('takes the finish reason %s for %s', async (finish, type) => {
    upstream.reply(stream('openai', [openAiChunk({ content: 'Half' }), openAiChunk({}, finish)]));
    expect((await failureOf(ask('openai'))).verdict.type).toBe(type);
  });

  it('takes a refusal for a matter of policy', async () => {
    upstream.reply(stream('openai', [openAiChunk({ refusal: 'I will not.' }), openAiChunk({}, 'stop')]));
    expect((await failureOf(ask('openai'))).facts.message).toBe('the model declined: I will not.');
  });

  it('reads an error that comes in a list, as Gemini sends it', async () => {
    const error = { code: 429, message: 'You exceeded your current quota', status: 'RESOURCE_EXHAUSTED', details: [] };
    upstream.reply(json(429, [{ error }]));
    expect((await failureOf(ask('openai'))).verdict.type).toBe('Provider.Quota');
  });

  it('is strict only where every key is required', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false };
    upstream.reply(openAiAnswer(['{}']), openAiAnswer(['{}']));
    await ask('openai', { schema: { ...schema, required: ['a'] } });
    await ask('openai', { schema: { ...schema, required: [] } });
    const strict = upstream.requests.map(
      ({ body }) =>
        (body as { response_format: { json_schema: { strict: boolean } } }).response_format.json_schema.strict,
    );
    expect(strict).toEqual([true, false]);
  });
});

function ollamaEnd(more: object): string {
  return ollamaLine('{}', { done: true, done_reason: 'stop', eval_count: 7, ...more });
}

describe('ollama', () => {
  it('asks for a context the prompt fits in, and for the shape', async () => {
    upstream.reply(stream('ollama', [ollamaEnd({ prompt_eval_count: 8_000 })]));
    await ask('ollama', { messages: [{ role: 'user', content: 'x'.repeat(30_000) }], schema: { type: 'array' } });
    expect(upstream.requests[0]!.body).toMatchObject({ options: { num_ctx: 16_384 }, format: { type: 'array' } });
  });

  it('has Ollama refuse what it would cut, and sees it where it was cut all the same', async () => {
    const messages = [{ role: 'user' as const, content: 'x'.repeat(30_000) }];
    for (const read of [16_384, 900]) {
      upstream.reply(stream('ollama', [ollamaEnd({ prompt_eval_count: read })]));
      const { verdict, facts } = await failureOf(ask('ollama', { messages }));
      expect(verdict).toMatchObject({ type: 'Provider.Request', counts: 'no', failover: true });
      expect(facts).toMatchObject({ code: 'context_length_exceeded' });
      expect(facts.message).toContain(`it read ${read} tokens`);
    }
    expect(upstream.requests[0]!.body).toMatchObject({ truncate: false, shift: false });
  });

  it('knows that what is no Latin script takes more tokens', async () => {
    const failure = await failureOf(ask('ollama', { messages: [{ role: 'user', content: '語'.repeat(15_000) }] }));
    expect(failure.facts.message).toContain('about 191');
    expect(upstream.requests).toHaveLength(0);
  });

  it('refuses a prompt that Ollama would cut silently, without asking', async () => {
    const failure = await failureOf(ask('ollama', { messages: [{ role: 'user', content: 'x'.repeat(60_000) }] }));
    expect(failure.verdict).toMatchObject({ type: 'Provider.Request', retryable: false, failover: true });
    expect(upstream.requests).toHaveLength(0);
  });

  it('takes an error line inside a stream for a failure of the server', async () => {
    upstream.reply(stream('ollama', [ollamaLine('Half'), '{"error":"llama runner process has terminated"}\n']));
    const failure = await failureOf(ask('ollama'));
    expect(failure).toMatchObject({
      verdict: { type: 'Provider.ServerError' },
      facts: { message: 'llama runner process has terminated' },
    });
  });

  it('prints nothing on the terminal when an answer is broken', async () => {
    const printed = (['log', 'warn', 'error'] as const).map((name) => jest.spyOn(console, name));
    const broken: Reply[] = [
      html(200),
      { status: 500, chunks: ['oops'] },
      stream('ollama', [ollamaLine('Half'), '{"mess']),
    ];
    upstream.reply(...broken);
    for (const _ of broken) await failureOf(ask('ollama'));
    printed.forEach((spy) => expect(spy).not.toHaveBeenCalled());
    printed.forEach((spy) => spy.mockRestore());
  });
});
