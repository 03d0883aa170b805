import type { ChatEvent, ModelBody } from '../../../activities/providers/model-provider';
import { answer, json, openAiAnswer, openAiChunk, openAiWhole, stream, type Protocol } from '../../support/model-wire';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';
import { eventsOf, failureOf, HELLO, KEY, PATIENT, providerAt } from './ask-scripted';

// Chat completions in OpenAI's words, over all three protocols, on real HTTP.

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

const signal = new AbortController().signal;
const wholly = { timeouts: PATIENT, signal, stream: false } as const;
const streaming = { timeouts: PATIENT, signal, stream: true } as const;

function sent(): Record<string, unknown> {
  return upstream.requests[0]!.body;
}

function textOf(events: readonly ChatEvent[]): string {
  return events
    .map(({ chunk }) => (chunk as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '')
    .join('');
}

describe.each<Protocol>(['anthropic', 'openai', 'ollama'])('%s', (protocol) => {
  it('streams chunks of one id, with what each bears, and tells its usage at the end', async () => {
    upstream.reply(answer(protocol, ['Hello', ', ', 'wörld']));
    const { events, account } = await providerAt(upstream.url, protocol).chat(HELLO, streaming);
    const seen: ChatEvent[] = [];
    for await (const event of events) seen.push(event);
    expect(textOf(seen)).toBe('Hello, wörld');
    expect(new Set(seen.map(({ chunk }) => chunk['id'])).size).toBe(1);
    const bears = seen.map((event) => event.bears);
    expect(bears).toEqual(['nothing', 'content', 'content', 'content', 'content', 'usage']);
    expect(account()).toMatchObject({ usage: { input: 11, output: 7 } });
    expect(account().model).toMatch(/-test/);
    expect(account().firstEventMs).toBeGreaterThanOrEqual(0);
    expect(upstream.requests).toHaveLength(1);
  });

  it('gives each chunk as the event that a client reads', async () => {
    upstream.reply(answer(protocol, ['Hello']));
    for (const { chunk, raw } of await eventsOf(providerAt(upstream.url, protocol), HELLO)) {
      expect(raw).toMatch(/^data: [^\n]+\n\n$/);
      expect(JSON.parse(raw.slice('data: '.length))).toEqual(chunk);
      expect(chunk['object']).toBe('chat.completion.chunk');
    }
  });

  it('answers in one piece', async () => {
    upstream.reply(protocol === 'openai' ? openAiWhole('Hello') : answer(protocol, ['Hel', 'lo']));
    const { body, usage, model, firstEventMs } = await providerAt(upstream.url, protocol).chat(HELLO, wholly);
    expect(body).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
    expect(body['model']).toBe(model);
    expect(usage).toMatchObject({ input: 11, output: 7 });
    expect(firstEventMs).toBeGreaterThanOrEqual(0);
  });

  it('ends the request when nobody reads on', async () => {
    upstream.reply({ ...answer(protocol, ['Hello', ' there']), then: 'stall' });
    const { events } = await providerAt(upstream.url, protocol).chat(HELLO, streaming);
    for await (const { bears } of events) if (bears === 'content') break;
    await upstream.gone(0);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('openai', () => {
  const odd = { temperature: 0.5, logit_bias: { 50_256: -100 }, reasoning_effort: 'low', x_vendor: [1] };

  it('sends on what it does not know, and no `stream_options` where nothing streams', async () => {
    upstream.reply(openAiWhole('ok'));
    await providerAt(upstream.url, 'openai', { organization: 'acme', project: 'p1' }).chat(
      { ...HELLO, ...odd, stream: true, stream_options: { include_usage: true } },
      wholly,
    );
    expect(sent()).toEqual({ ...HELLO, ...odd, stream: false });
    expect(upstream.requests[0]).toMatchObject({
      url: '/v1/chat/completions',
      headers: { authorization: `Bearer ${KEY}`, 'openai-organization': 'acme', 'openai-project': 'p1' },
    });
  });

  it('always asks a stream for its usage, beside what the client asks', async () => {
    upstream.reply(openAiAnswer(['ok']));
    await eventsOf(providerAt(upstream.url, 'openai'), {
      ...HELLO,
      stream_options: { include_usage: false, include_obfuscation: false },
    });
    expect(sent()).toMatchObject({ stream: true, stream_options: { include_usage: true, include_obfuscation: false } });
  });

  it.each([
    ['openai', { max_tokens: 9 }, { max_completion_tokens: 9 }],
    ['openai', { max_completion_tokens: 9 }, { max_completion_tokens: 9 }],
    ['deepseek', { max_completion_tokens: 9 }, { max_tokens: 9 }],
    ['deepseek', { max_tokens: 8, max_completion_tokens: 9 }, { max_tokens: 9 }],
  ] as const)('says the limit of %s, given as %j, as %j', async (vendor, given, expected) => {
    upstream.reply(openAiWhole('ok'));
    await providerAt(upstream.url, 'openai', { vendor }).chat({ ...HELLO, ...given }, wholly);
    const { max_tokens, max_completion_tokens } = sent();
    expect({ max_tokens, max_completion_tokens }).toEqual({ ...NO_LIMITS, ...expected });
  });
  const NO_LIMITS = { max_tokens: undefined, max_completion_tokens: undefined };

  it('passes on what came, with fields that nobody here knows', async () => {
    const more = { citations: ['https://example.test'], provider: 'X', system_fingerprint: 'fp' };
    upstream.reply(openAiWhole('ok', more));
    const { body } = await providerAt(upstream.url, 'openai').chat(HELLO, wholly);
    expect(body).toMatchObject(more);
  });

  it('reads usage wherever it stands, cached tokens in both spellings, and what was charged', async () => {
    const usage = { prompt_tokens: 50, completion_tokens: 2, prompt_cache_hit_tokens: 40, cost: 0.25 };
    upstream.reply(stream('openai', [openAiChunk({ content: 'ok' }, 'stop', { usage }), 'data: [DONE]\n\n']));
    const { events, account } = await providerAt(upstream.url, 'openai').chat(HELLO, streaming);
    const bears: string[] = [];
    for await (const event of events) bears.push(event.bears);
    expect(bears).toEqual(['content']);
    expect(account()).toMatchObject({ usage: { input: 50, output: 2, cacheRead: 40 }, costUsd: 0.25 });
  });

  it('does not take an empty usage for none', async () => {
    upstream.reply(stream('openai', [openAiChunk({ content: 'ok' }, 'stop', { usage: {} })]));
    const { events, account } = await providerAt(upstream.url, 'openai').chat(HELLO, streaming);
    for await (const _ of events);
    expect(account()).not.toHaveProperty('usage');
  });

  it('waits for the end of every answer asked for', async () => {
    const one = (index: number, finish: string | null) => ({
      choices: [{ index, delta: { content: 'x' }, finish_reason: finish }],
    });
    const chunks = [openAiChunk({}, null, one(0, 'stop')), openAiChunk({}, null, one(1, null))];
    upstream.reply(stream('openai', chunks), stream('openai', [...chunks, openAiChunk({}, null, one(1, 'stop'))]));
    const two = { ...HELLO, n: 2 };
    const failure = await failureOf(eventsOf(providerAt(upstream.url, 'openai'), two));
    expect(failure).toMatchObject({ verdict: { type: 'Provider.BadResponse' }, committed: true });
    await expect(eventsOf(providerAt(upstream.url, 'openai'), two)).resolves.toHaveLength(3);
  });

  it('reads events that come in any pieces, with either end of line and without a last one', async () => {
    const text = openAiChunk({ content: 'wör' }) + openAiChunk({ content: 'ld' }, 'stop');
    const bytes = Buffer.from(text.replaceAll('\n', '\r\n').trimEnd()).toString('latin1');
    for (const size of [1, 7, 64, 100_000]) {
      const chunks = bytes.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      upstream.reply({ headers: { 'content-type': 'text/event-stream' }, chunks, encoding: 'latin1' });
      expect(textOf(await eventsOf(providerAt(upstream.url, 'openai'), HELLO))).toBe('wörld');
    }
  });

  it('sees content in reasoning, refusals and calls of tools, and none in a role', async () => {
    const deltas = [
      { role: 'assistant', content: '' },
      { reasoning_content: 'hm' },
      { reasoning: 'hm' },
      { refusal: 'no' },
      { tool_calls: [{ index: 0, function: { arguments: '{' } }] },
      { tool_calls: [] },
    ];
    upstream.reply(stream('openai', [...deltas.map((delta) => openAiChunk(delta)), openAiChunk({}, 'stop')]));
    const bears = (await eventsOf(providerAt(upstream.url, 'openai'), HELLO)).map((event) => event.bears);
    expect(bears).toEqual(['nothing', 'content', 'content', 'content', 'content', 'nothing', 'content']);
  });
});

describe('embeddings', () => {
  const asked: ModelBody = { model: 'e', input: ['a', 'b'] };
  const list = { object: 'list', model: 'e-1', data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 5 } };
  const embed = (protocol: Protocol, body = asked, more = {}) =>
    providerAt(upstream.url, protocol, more).embed(body, { timeouts: PATIENT, signal });

  it("go as they are to servers of OpenAI's protocol, and come back so", async () => {
    upstream.reply(json(200, list));
    const { body, model, usage } = await embed('openai', { ...asked, dimensions: 3, encoding_format: 'base64' });
    expect(upstream.requests[0]).toMatchObject({ url: '/v1/embeddings' });
    expect(sent()).toEqual({ ...asked, dimensions: 3, encoding_format: 'base64' });
    expect(body).toEqual(list);
    expect({ model, usage }).toEqual({ model: 'e-1', usage: { input: 5, output: 0 } });
  });

  it('are asked of an AnythingLLM in its own word', async () => {
    upstream.reply(json(200, list));
    await embed('openai', { model: 'e', input: 'a' }, { vendor: 'anythingllm' });
    expect(sent()).toMatchObject({ inputs: ['a'] });
  });

  it.each([
    ['an error', { error: { message: 'no', code: 'insufficient_quota' } }, 'Provider.Quota'],
    ['nothing', { object: 'list', data: [] }, 'Provider.BadResponse'],
  ])('that are %s are a failure', async (_what, body, type) => {
    upstream.reply(json(200, body));
    expect((await failureOf(embed('openai'))).verdict.type).toBe(type);
  });

  it("come from Ollama in its own words, and are told in OpenAI's", async () => {
    upstream.reply(
      json(200, {
        model: 'e:1',
        embeddings: [
          [0.5, -2],
          [1, 0],
        ],
        prompt_eval_count: 4,
      }),
    );
    const { body, model, usage } = await embed('ollama', { ...asked, dimensions: 2, user: 'u' });
    expect(upstream.requests[0]).toMatchObject({ url: '/api/embed' });
    expect(sent()).toEqual({ model: 'e', input: ['a', 'b'], dimensions: 2, truncate: false });
    expect(body).toEqual({
      object: 'list',
      model: 'e:1',
      data: [
        { object: 'embedding', index: 0, embedding: [0.5, -2] },
        { object: 'embedding', index: 1, embedding: [1, 0] },
      ],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
    expect({ model, usage }).toEqual({ model: 'e:1', usage: { input: 4, output: 0 } });
  });

  it("are packed as OpenAI's own client wants them", async () => {
    upstream.reply(json(200, { model: 'e', embeddings: [[0.5, -2]] }));
    const { body } = await embed('ollama', { model: 'e', input: 'a', encoding_format: 'base64' });
    const { embedding } = (body as { data: { embedding: string }[] }).data[0]!;
    const bytes = Buffer.from(embedding, 'base64');
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.5, -2]);
  });

  it('of which one is missing are a failure', async () => {
    upstream.reply(json(200, { model: 'e', embeddings: [[1]] }));
    expect((await failureOf(embed('ollama'))).verdict.type).toBe('Provider.BadResponse');
  });

  it.each([
    ['anthropic', asked],
    ['ollama', { model: 'e', input: [[1, 2]] }],
  ] as const)('that %s does not know are asked of somebody else, and not of it', async (protocol, body) => {
    const { verdict } = await failureOf(embed(protocol, body));
    expect(verdict).toMatchObject({ type: 'Provider.Request', counts: 'no', retryable: false, failover: true });
    expect(upstream.requests).toHaveLength(0);
  });
});
