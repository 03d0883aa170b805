import { startGateway, type LiveGateway, type LiveGatewayOptions } from '../../support/live-gateway';
import { answer, beginning, json, openAiWhole, stream } from '../../support/model-wire';
import { waitUntil } from '../../support/wait-until';

const ASKED = { model: 'small', messages: [{ role: 'user' as const, content: 'What is two and two?' }] };

describe.each(['anthropic', 'ollama'] as const)('a provider that speaks %s', (protocol) => {
  let gateway: LiveGateway | undefined;
  afterEach(async () => gateway?.close());

  const start = async (options: LiveGatewayOptions = {}) => {
    return (gateway = await startGateway({
      providers: ['first', 'second'],
      budgetNano: 1e12,
      configured: { first: { protocol } },
      ...options,
    }));
  };

  test("answers in OpenAI's words", async () => {
    const { client, upstreams, purse } = await start();
    upstreams['first']!.reply(answer(protocol, ['Fo', 'ur.']));
    const { data, response } = await client().chat.completions.create(ASKED).withResponse();
    expect(data).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'Four.' }, finish_reason: 'stop' }],
    });
    expect(data.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7 });
    expect(response.headers.get('x-gantry-provider')).toBe('first');
    expect(purse).toMatchObject({ spentNano: 18_000_000, heldNano: 0 });
  });

  test.each([false, true])("streams in OpenAI's words, with usage only for who asks (%p)", async (asks) => {
    const { client, upstreams, purse } = await start();
    upstreams['first']!.reply(answer(protocol, ['Fo', 'ur.']));
    const chunks = [];
    const asked = { ...ASKED, stream: true as const, ...(asks && { stream_options: { include_usage: true } }) };
    for await (const chunk of await client().chat.completions.create(asked)) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Four.');
    expect(chunks.some(({ choices }) => choices.length === 0)).toBe(asks);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(asks ? 7 : undefined);
    expect(purse).toMatchObject({ spentNano: 18_000_000, heldNano: 0 });
  });

  test('that fails lets another protocol answer', async () => {
    const { client, upstreams } = await start();
    upstreams['first']!.reply(json(503, { error: { message: 'busy' } }));
    upstreams['second']!.reply(openAiWhole('Four.'));
    const { response } = await client({ maxRetries: 0 }).chat.completions.create(ASKED).withResponse();
    expect(response.headers.get('x-gantry-provider')).toBe('second');
  });

  test('that breaks off after its first content is told so within the stream', async () => {
    const { client, upstreams } = await start();
    upstreams['first']!.reply(stream(protocol, beginning(protocol), 'reset'));
    const pieces: string[] = [];
    const following = client({ maxRetries: 0 })
      .chat.completions.create({ ...ASKED, stream: true })
      .then(async (chunks) => {
        for await (const chunk of chunks) pieces.push(chunk.choices[0]?.delta.content ?? '');
      });
    await expect(following).rejects.toMatchObject({ code: 502 });
    expect(pieces.join('')).toBe('Half an ');
    expect(upstreams['second']!.requests).toEqual([]);
  });

  test('is left alone when the client goes away', async () => {
    const { client, upstreams, purse } = await start();
    upstreams['first']!.reply(stream(protocol, beginning(protocol), 'stall'));
    for await (const chunk of await client().chat.completions.create({ ...ASKED, stream: true })) {
      if (chunk.choices[0]?.delta.content) break;
    }
    await waitUntil(() => upstreams['first']!.requests[0]?.aborted === true);
    await waitUntil(() => purse.heldNano === 0);
  });
});

test('what a protocol has no words for is told as a mistake of the request', async () => {
  const gateway = await startGateway({ configured: { first: { protocol: 'anthropic' } } });
  try {
    const embedding = gateway.client({ maxRetries: 0 }).embeddings.create({ model: 'small', input: 'Four' });
    await expect(embedding).rejects.toMatchObject({ status: 400, code: 'unsupported', type: 'invalid_request_error' });
    expect(gateway.upstreams['first']!.requests).toEqual([]);
  } finally {
    await gateway.close();
  }
});
