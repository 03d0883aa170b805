import type { ProviderLimits } from '../../../activities/providers/create-provider';
import type { OpenAiSettings } from '../../../activities/providers/settings';
import {
  answer,
  beginning,
  json,
  openAiAnswer,
  openAiChunk,
  openAiWhole,
  stream,
  type Protocol,
} from '../../support/model-wire';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';
import {
  ALL_WAYS,
  askEmbeddings,
  askStream,
  askWhole,
  chunksIn,
  failureOf,
  HELLO,
  KEY,
  partsOf,
  providerAt,
  textOf,
  WAYS,
  type Body,
} from './ask-scripted';

// Chat completions in OpenAI's words, over all three protocols, on real HTTP.

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

function at(protocol: Protocol, more: Partial<OpenAiSettings> = {}, limits: ProviderLimits = {}) {
  return providerAt(upstream.url, protocol, more, limits);
}

function sent(index = 0): Record<string, unknown> {
  return upstream.requests[index]!.body;
}

const WITH_USAGE = { stream_options: { include_usage: true } };

describe.each<Protocol>(['anthropic', 'openai', 'ollama'])('%s', (protocol) => {
  it('streams chunks of one id, and tells its usage at the end', async () => {
    upstream.reply(answer(protocol, ['Hello', ', ', 'wörld']));
    const answered = await askStream(at(protocol), { ...HELLO, ...WITH_USAGE });
    const parts = await partsOf(answered);
    const chunks = chunksIn(parts);
    expect(textOf(parts)).toBe('Hello, wörld');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } });
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set([answered.account().id]));
    expect(answered.account()).toMatchObject({ usage: { input: 11, output: 7 } });
    expect(answered.account().model).toMatch(/-test/);
    expect(upstream.requests).toHaveLength(1);
  });

  it('keeps the chunk of usage from whoever did not ask for it, and knows it all the same', async () => {
    upstream.reply(answer(protocol, ['Hello']));
    const answered = await askStream(at(protocol), HELLO);
    const chunks = chunksIn(await partsOf(answered));
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
    expect(answered.account().usage).toMatchObject({ input: 11, output: 7 });
  });

  it('gives chunks as the events that a client reads, and no mark of the end', async () => {
    upstream.reply(answer(protocol, ['Hello']));
    const parts = await partsOf(await askStream(at(protocol), HELLO));
    const text = Buffer.concat(parts.map(({ bytes }) => bytes)).toString();
    expect(text).toMatch(/^((data: \{[^\n]+\}|: keep-alive)\n\n)+$/);
    chunksIn(parts).forEach((chunk) => expect(chunk['object']).toBe('chat.completion.chunk'));
  });

  it('says from which part on nobody else may answer, and about how much came', async () => {
    // Of OpenAI's protocol what comes before the content is a part of its own, where it comes by itself.
    let read: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => (read = resolve));
    if (protocol !== 'openai') read();
    upstream.reply({ ...answer(protocol, ['x'.repeat(400)]), after: { chunks: 1, wait } });
    const answered = await askStream(at(protocol), HELLO);
    expect(answered.account().received).toBe(0);
    const commits = (await partsOf(answered, () => read())).map((part) => part.commits);
    expect(commits[0]).toBe(false);
    expect(commits.at(-1)).toBe(true);
    expect(answered.account().received).toBeGreaterThanOrEqual(100);
    expect(answered.account().received).toBeLessThan(130);
  });

  it('answers in one piece', async () => {
    upstream.reply(protocol === 'openai' ? openAiWhole('Hello') : answer(protocol, ['Hel', 'lo']));
    const { body, bytes, usage, model } = await askWhole(at(protocol), HELLO);
    expect(body).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
    expect(JSON.parse(bytes.toString())).toEqual(body);
    expect(body['model']).toBe(model);
    expect(usage).toMatchObject({ input: 11, output: 7 });
  });

  it('ends the request when nobody reads on', async () => {
    upstream.reply({ ...answer(protocol, ['Hello', ' there']), then: 'stall' });
    const { parts } = await askStream(at(protocol), HELLO);
    for await (const { commits } of parts) if (commits) break;
    await upstream.gone(0);
    expect(upstream.requests).toHaveLength(1);
  });

  describe('keeps to its limits', () => {
    const goodAnswer = (way: keyof typeof WAYS) =>
      protocol === 'openai' && way === 'whole' ? openAiWhole('Hello') : answer(protocol, ['Hello']);
    const longest = () =>
      sent(upstream.requests.length - 1)['max_tokens'] ??
      (sent(upstream.requests.length - 1)['options'] as { num_predict?: number } | undefined)?.num_predict;

    it.each(ALL_WAYS)('of length, asked for %s', async (way) => {
      const provider = at(protocol, {}, { maxOutput: 50 });
      const lengths: unknown[] = [];
      for (const more of way === 'complete' ? [{}] : [{}, { max_tokens: 9 }, { max_completion_tokens: 9_000 }]) {
        upstream.reply(goodAnswer(way));
        await WAYS[way](provider, { ...HELLO, ...more });
        lengths.push(longest());
      }
      expect(lengths).toEqual(way === 'complete' ? [50] : [50, 9, 50]);
    });

    it.each(ALL_WAYS.filter((way) => protocol !== 'openai' || way !== 'whole'))(
      'of time, asked for %s',
      async (way) => {
        const provider = at(protocol, {}, { firstEventMs: 150, idleMs: 200 });
        upstream.reply({ then: 'stall' }, stream(protocol, beginning(protocol), 'stall'));
        const late = await failureOf(WAYS[way](provider, HELLO));
        expect(late.facts.message).toBe('no first event within 0.15 s');
        const stuck = await failureOf(WAYS[way](provider, HELLO));
        expect(stuck.facts.message).toBe('no further event within 0.2 s');
      },
    );
  });
});

describe('openai', () => {
  const odd = { temperature: 0.5, logit_bias: { 50_256: -100 }, reasoning_effort: 'low', x_vendor: [1] };

  it('sends on what it does not know, and no words of streams where nothing streams', async () => {
    upstream.reply(openAiWhole('ok'));
    const provider = at('openai', { organization: 'acme', project: 'p1' });
    await askWhole(provider, { ...HELLO, ...odd, stream: true, ...WITH_USAGE });
    expect(sent()).toEqual({ ...HELLO, ...odd });
    expect(upstream.requests[0]).toMatchObject({
      url: '/v1/chat/completions',
      headers: { authorization: `Bearer ${KEY}`, 'openai-organization': 'acme', 'openai-project': 'p1' },
    });
  });

  it('always asks a stream for its usage, beside what the client asks', async () => {
    upstream.reply(openAiAnswer(['ok']));
    const stream_options = { include_usage: false, include_obfuscation: false };
    await WAYS.stream(at('openai'), { ...HELLO, stream_options });
    expect(sent()).toMatchObject({ stream: true, stream_options: { include_usage: true, include_obfuscation: false } });
  });

  it.each([
    ['openai', { max_tokens: 9 }, { max_completion_tokens: 9 }],
    ['openai', { max_completion_tokens: 9 }, { max_completion_tokens: 9 }],
    ['deepseek', { max_completion_tokens: 9 }, { max_tokens: 9 }],
    ['deepseek', { max_tokens: 8, max_completion_tokens: 9 }, { max_tokens: 9 }],
    ['deepseek', { max_tokens: 9, max_completion_tokens: null }, { max_tokens: 9 }],
  ] as const)('says the limit of %s, given as %j, as %j', async (vendor, given, expected) => {
    upstream.reply(openAiWhole('ok'));
    await askWhole(at('openai', { vendor }), { ...HELLO, ...given });
    const { max_tokens, max_completion_tokens } = sent();
    expect({ max_tokens, max_completion_tokens }).toEqual({ ...NO_LIMITS, ...expected });
  });
  const NO_LIMITS = { max_tokens: undefined, max_completion_tokens: undefined };

  it('passes on what came, with fields that nobody here knows', async () => {
    const more = { citations: ['https://example.test'], provider: 'X', system_fingerprint: 'fp' };
    upstream.reply(openAiWhole('ok', more));
    const { body, bytes } = await askWhole(at('openai'), HELLO);
    expect(body).toMatchObject(more);
    expect(bytes.toString()).toBe(openAiWhole('ok', more).chunks?.join(''));
  });

  it('reads usage wherever it stands, cached tokens in both spellings, and what was charged', async () => {
    const usage = { prompt_tokens: 50, completion_tokens: 2, prompt_cache_hit_tokens: 40, cost: 0.25 };
    upstream.reply(stream('openai', [openAiChunk({ content: 'ok' }, 'stop', { usage }), 'data: [DONE]\n\n']));
    const answered = await askStream(at('openai'), HELLO);
    expect(textOf(await partsOf(answered))).toBe('ok');
    expect(answered.account()).toMatchObject({ usage: { input: 50, output: 2, cacheRead: 40 }, costUsd: 0.25 });
  });

  it('does not take an empty usage for none', async () => {
    upstream.reply(stream('openai', [openAiChunk({ content: 'ok' }, 'stop', { usage: {} })]));
    const answered = await askStream(at('openai'), HELLO);
    await partsOf(answered);
    expect(answered.account().usage).toBeUndefined();
  });

  it('waits for the end of every answer asked for', async () => {
    const one = (index: number, finish: string | null) => ({
      choices: [{ index, delta: { content: 'x' }, finish_reason: finish }],
    });
    const chunks = [openAiChunk({}, null, one(0, 'stop')), openAiChunk({}, null, one(1, null))];
    upstream.reply(stream('openai', chunks), stream('openai', [...chunks, openAiChunk({}, null, one(1, 'stop'))]));
    const two = { ...HELLO, n: 2 };
    const failure = await failureOf(WAYS.stream(at('openai'), two));
    expect(failure.verdict.type).toBe('Provider.BadResponse');
    expect(chunksIn(await partsOf(await askStream(at('openai'), two)))).toHaveLength(3);
  });

  it('reads events that come in any pieces, with either end of line and without a last one', async () => {
    const text = openAiChunk({ content: 'wör' }) + openAiChunk({ content: 'ld' }, 'stop');
    const bytes = Buffer.from(text.replaceAll('\n', '\r\n').trimEnd()).toString('latin1');
    for (const size of [1, 7, 64, 100_000]) {
      const chunks = bytes.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      upstream.reply({ headers: { 'content-type': 'text/event-stream' }, chunks, encoding: 'latin1' });
      expect(textOf(await partsOf(await askStream(at('openai'), HELLO)))).toBe('wörld');
    }
  });

  it.each([
    [true, { content: 'x' }],
    [true, { reasoning_content: 'hm' }],
    [true, { reasoning: 'hm' }],
    [true, { refusal: 'no' }],
    [true, { tool_calls: [{ index: 0, function: { arguments: '{' } }] }],
    [false, { tool_calls: [] }],
    [false, { role: 'assistant', content: '' }],
  ])('knows whether there is content (%p) in %j', async (expected, delta) => {
    upstream.reply(stream('openai', [openAiChunk(delta)]));
    const { parts } = await askStream(at('openai'), HELLO);
    const commits: boolean[] = [];
    const reading = async () => {
      for await (const part of parts) commits.push(part.commits);
    };
    await failureOf(reading());
    expect(commits).toEqual([expected]);
  });

  it('counts what a call of tools, reasoning and words come to, where nobody tells', async () => {
    const deltas = [{ content: 'x'.repeat(40) }, { reasoning: 'y'.repeat(40) }];
    upstream.reply(stream('openai', [...deltas.map((delta) => openAiChunk(delta)), openAiChunk({}, 'stop')]));
    const answered = await askStream(at('openai'), HELLO);
    await partsOf(answered);
    expect(answered.account().received).toBeGreaterThanOrEqual(20);
    expect(answered.account().received).toBeLessThan(25);
  });
});

describe('embeddings', () => {
  const asked = { model: 'e', input: ['a', 'b'] };
  const list = { object: 'list', model: 'e-1', data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 5 } };
  const embed = (protocol: Protocol, body: Body = asked, more: Partial<OpenAiSettings> = {}) =>
    askEmbeddings(at(protocol, more), body);

  it("go as they are to servers of OpenAI's protocol, and come back so", async () => {
    upstream.reply(json(200, list));
    const { body, bytes, model, usage } = await embed('openai', { ...asked, dimensions: 3, encoding_format: 'base64' });
    expect(upstream.requests[0]).toMatchObject({ url: '/v1/embeddings' });
    expect(sent()).toEqual({ ...asked, dimensions: 3, encoding_format: 'base64' });
    expect(body).toEqual(list);
    expect(bytes.toString()).toBe(JSON.stringify(list));
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
