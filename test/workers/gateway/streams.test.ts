import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { startGateway, type LiveGateway, type LiveGatewayOptions } from '../../support/live-gateway';
import { beginning, html, json, openAiAnswer, openAiChunk, stream } from '../../support/model-wire';
import { waitUntil } from '../../support/wait-until';

const ASKED = {
  model: 'small',
  messages: [{ role: 'user' as const, content: 'What is two and two?' }],
  stream: true as const,
};

describe('a stream through the gateway', () => {
  let gateway: LiveGateway | undefined;
  afterEach(async () => gateway?.close());

  const start = async (options: LiveGatewayOptions = {}) => (gateway = await startGateway(options));

  test('is followed by the SDK; usage is asked for, paid by, and kept from a client that did not ask', async () => {
    const { client, upstreams, purse } = await start({ budgetNano: 1e12 });
    upstreams['first']!.reply(openAiAnswer(['Fo', 'ur.']));

    const chunks = await all(await client().chat.completions.create(ASKED));

    expect(textOf(chunks)).toBe('Four.');
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(upstreams['first']!.requests[0]?.body).toEqual({ ...ASKED, stream_options: { include_usage: true } });
    expect(purse).toMatchObject({ spentNano: 18_000_000, heldNano: 0 });
  });

  test('tells its usage to a client that asks', async () => {
    const { client, upstreams } = await start();
    upstreams['first']!.reply(openAiAnswer(['Four.']));
    const asked = { ...ASKED, stream_options: { include_usage: true } };
    const chunks = await all(await client().chat.completions.create(asked));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } });
    expect(upstreams['first']!.requests[0]?.body).toEqual(asked);
  });

  test('is sent on byte for byte, however it is cut on the way, but for the chunk of usage', async () => {
    const { url, upstreams } = await start();
    const [role, , first, second, finish, usage, done] = openAiAnswer(['Fö"', '😀 \\"error\\" "usage"']).chunks!;
    const sent = [role, first, second, ': still here\n\n', finish].join('');
    const bytes = Buffer.from(`${sent}${usage}${done}`);
    const cuts = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) =>
      bytes.subarray(at * 7, at * 7 + 7).toString('latin1'),
    );
    upstreams['first']!.reply({ ...stream('openai', cuts), encoding: 'latin1' });
    const response = await post(url, ASKED);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(response.headers.get('x-gantry-provider')).toBe('first');
    expect(await response.text()).toBe(`${sent}data: [DONE]\n\n`);
  });

  test('with lines that end as Windows ends them is read too', async () => {
    const { client, upstreams } = await start();
    upstreams['first']!.reply(
      stream(
        'openai',
        openAiAnswer(['Four.']).chunks!.map((chunk) => chunk.replaceAll('\n', '\r\n')),
      ),
    );
    expect(textOf(await all(await client().chat.completions.create(ASKED)))).toBe('Four.');
  });

  test('carries calls of tools', async () => {
    const { client, upstreams } = await start();
    const piece = (index: number, args: string) => ({
      tool_calls: [{ index, id: 'call_1', type: 'function', function: { name: 'add', arguments: args } }],
    });
    upstreams['first']!.reply(
      stream('openai', [
        openAiChunk(piece(0, '{"a":')),
        openAiChunk(piece(0, '2}')),
        openAiChunk({}, 'tool_calls'),
        'data: [DONE]\n\n',
      ]),
    );
    const chunks = await all(await client().chat.completions.create(ASKED));
    expect(
      chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []).map((one) => one.function?.arguments),
    ).toEqual(['{"a":', '2}']);
  });

  test('is readable with curl -N', async () => {
    const { url, upstreams } = await start();
    upstreams['first']!.reply(openAiAnswer(['Four.']));
    const { stdout } = await promisify(execFile)('curl', [
      ...['-sS', '-N', `${url}/v1/chat/completions`, '-H', 'content-type: application/json'],
      ...['-d', JSON.stringify(ASKED)],
    ]);
    expect(stdout).toContain('"content":"Four."');
    expect(stdout.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  const ROLE = openAiChunk({ role: 'assistant', content: '' });
  // More than is read at once: the content before it is on its way when the rest is read.
  const MUCH_TEXT = 'x'.repeat(200_000);
  const MUCH = openAiChunk({ content: MUCH_TEXT });
  const IN_BAND = 'data: {"error":{"message":"overloaded","code":502}}\n\n';

  describe('before its first content', () => {
    test.each([
      ['an error status', json(503, { error: { message: 'busy' } })],
      ['a web page', html(200)],
      ['an answer in one piece', json(200, { id: 'c1', choices: [] })],
      ['an error within the stream', stream('openai', [ROLE, IN_BAND])],
      ['an end without an answer', stream('openai', [ROLE])],
      ['an end with nothing at all', stream('openai', [])],
      ['a mark of the end alone', stream('openai', [ROLE, 'data: [DONE]\n\n'])],
      ['a cut connection', stream('openai', [ROLE], 'reset')],
      ['something that is no JSON', stream('openai', [ROLE, 'data: <p>\n\n'])],
    ])('%s lets the next provider answer, and nothing of the first is seen', async (_what, failure) => {
      const { client, upstreams, purse } = await start({ providers: ['first', 'second'], budgetNano: 1e12 });
      upstreams['first']!.reply(failure);
      upstreams['second']!.reply(openAiAnswer(['Four.']));
      const chunks = await all(await client({ maxRetries: 0 }).chat.completions.create(ASKED));
      expect(textOf(chunks)).toBe('Four.');
      expect(chunks.filter(({ choices }) => choices[0]?.delta.role === 'assistant')).toHaveLength(1);
      expect(upstreams['second']!.requests).toHaveLength(1);
      expect(purse.heldNano).toBe(0);
    });

    test('a provider that says nothing for too long lets the next one answer', async () => {
      const { client, upstreams } = await start({ providers: ['first', 'second'], limits: { firstEventMs: 200 } });
      upstreams['first']!.reply(stream('openai', [ROLE], 'stall'));
      upstreams['second']!.reply(openAiAnswer(['Four.']));
      expect(textOf(await all(await client({ maxRetries: 0 }).chat.completions.create(ASKED)))).toBe('Four.');
    });

    test('a provider that is configured to be waited for less long is', async () => {
      const { client, upstreams } = await start({
        providers: ['first', 'second'],
        configured: { first: { firstEventMs: 200 } },
      });
      upstreams['first']!.reply(stream('openai', [ROLE], 'stall'));
      upstreams['second']!.reply(openAiAnswer(['Four.']));
      expect(textOf(await all(await client({ maxRetries: 0 }).chat.completions.create(ASKED)))).toBe('Four.');
    });

    test('when nobody is left, the failure is a plain answer', async () => {
      const { client, upstreams } = await start();
      upstreams['first']!.reply(stream('openai', [ROLE, IN_BAND]));
      await expect(client({ maxRetries: 0 }).chat.completions.create(ASKED)).rejects.toMatchObject({
        status: 503,
        code: 'no_provider_available',
      });
    });
  });

  describe('after its first content', () => {
    test.each([
      ['a cut connection', stream('openai', beginning('openai'), 'reset')],
      ['an end before the answer is whole', stream('openai', beginning('openai'))],
      ['an error within the stream', stream('openai', [...beginning('openai'), MUCH, IN_BAND])],
      ['a mark of the end that comes too soon', stream('openai', [...beginning('openai'), 'data: [DONE]\n\n'])],
    ])('%s is told once, by a frame that SDKs raise, and nobody else is asked', async (_what, failure) => {
      const { client, url, upstreams, reports, purse, audit } = await start({
        providers: ['first', 'second'],
        budgetNano: 1e12,
      });
      upstreams['first']!.reply(failure, failure);

      const seen: string[] = [];
      const following = client({ maxRetries: 0 })
        .chat.completions.create(ASKED)
        .then(async (chunks) => {
          for await (const chunk of chunks) seen.push(chunk.choices[0]?.delta.content ?? '');
        });
      await expect(following).rejects.toBeInstanceOf(OpenAI.APIError);
      expect(['', MUCH_TEXT]).toContain(seen.join('').replace('Half an ', ''));
      expect(seen.join('')).toMatch(/^Half an /);

      const text = await (await post(url, ASKED)).text();
      expect(text.match(/"error":/g)).toHaveLength(1);
      expect(text).not.toContain('[DONE]');
      expect(JSON.parse(text.trimEnd().split('\n\n').at(-1)!.slice('data: '.length))).toMatchObject({
        id: 'c1',
        object: 'chat.completion.chunk',
        error: { code: 502, metadata: { committed: true, error_type: expect.stringMatching(/^Provider\./) as string } },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      });
      expect(upstreams['second']!.requests).toEqual([]);
      expect(reports.filter(({ report }) => report.outcome !== 'success')).toHaveLength(2);
      expect(purse.heldNano).toBe(0);
      expect(await audit()).toMatchObject([{ candidate: 'first/small', attempts: 1 }, {}]);
    });

    test('a pause that is too long is told as a timeout', async () => {
      const { url, upstreams } = await start({ limits: { idleMs: 200 } });
      upstreams['first']!.reply(stream('openai', beginning('openai'), 'stall'));
      const text = await (await post(url, ASKED)).text();
      expect(text).toContain('"code":504');
      expect(text).not.toContain('[DONE]');
    });

    test('a client that goes away ends the call upstream, and pays for what it got', async () => {
      const { client, upstreams, purse, reports, audit } = await start({ budgetNano: 1e12 });
      upstreams['first']!.reply(stream('openai', beginning('openai'), 'stall'));
      const asked = { ...ASKED, max_tokens: 1_000 };
      for await (const chunk of await client().chat.completions.create(asked)) {
        if (chunk.choices[0]?.delta.content) break;
      }
      await waitUntil(() => upstreams['first']!.requests[0]?.aborted === true);
      await waitUntil(() => purse.heldNano === 0);
      expect(purse.spentNano).toBeGreaterThan(0);
      expect(purse.spentNano).toBeLessThan(100_000_000);
      expect(reports.every(({ report }) => report.outcome === 'success')).toBe(true);
      await waitUntil(() => purse.spentNano > 0);
      expect(await audit()).toMatchObject([{ status: 499, candidate: 'first/small' }]);
    });
  });

  test('to a client that reads more slowly than a provider may pause is whole all the same', async () => {
    const { url, upstreams, reports } = await start({ limits: { idleMs: 300 } });
    // More than the connections on the way hold.
    const much = Array.from({ length: 40 }, () => openAiChunk({ content: 'x'.repeat(1_000_000) }));
    upstreams['first']!.reply(stream('openai', [...much, openAiChunk({}, 'stop'), 'data: [DONE]\n\n']));
    const reader = (await post(url, ASKED)).body!.getReader();
    await reader.read();
    await sleep(1_000);
    let end = '';
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
      if (done) break;
      end = (end + Buffer.from(value ?? []).toString('latin1')).slice(-100);
    }
    expect(end).toMatch(/"finish_reason":"stop"[^]*data: \[DONE\]\n\n$/);
    expect(reports.every(({ report }) => report.outcome === 'success')).toBe(true);
  });

  test('of a client that goes away before anything came ends the call upstream, and asks nobody else', async () => {
    const { url, upstreams } = await start({ providers: ['first', 'second'] });
    upstreams['first']!.reply(stream('openai', [ROLE], 'stall'));
    const gone = new AbortController();
    const asking = post(url, ASKED, gone.signal).catch(() => undefined);
    await waitUntil(() => upstreams['first']!.requests.length === 1);
    gone.abort();
    await asking;
    await waitUntil(() => upstreams['first']!.requests[0]?.aborted === true);
    expect(upstreams['second']!.requests).toEqual([]);
  });
});

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

function textOf(chunks: readonly OpenAI.ChatCompletionChunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
}

function post(url: string, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    ...(signal && { signal }),
  });
}
