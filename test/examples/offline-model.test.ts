import OpenAI from 'openai';
import { startOfflineModel, type OfflineModel, type OfflineScript } from '../../examples/offline/model-server';

// The offline model through OpenAI's own SDK, as any client would use it.

let model: OfflineModel | undefined;
afterEach(async () => {
  await model?.close();
  model = undefined;
});

async function client(script: OfflineScript = () => 'An answer, with ümläuts and 🙂, longer than one chunk of it.') {
  model = await startOfflineModel({ script });
  return new OpenAI({ apiKey: 'none', baseURL: model.url, maxRetries: 0 });
}

const messages = [{ role: 'user' as const, content: 'Say something.' }];
const chat = { model: 'offline-scripted', messages };

it('answers in one piece', async () => {
  const openai = await client();
  const completion = await openai.chat.completions.create(chat);
  expect(completion).toMatchObject({
    object: 'chat.completion',
    model: 'offline-scripted',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant' } }],
    usage: { prompt_tokens: 4, completion_tokens: 15, total_tokens: 19 },
  });
  expect(completion.choices[0]!.message.content).toContain('ümläuts and 🙂');
});

it("streams the same answer, as the SDK's own collector demands it", async () => {
  const openai = await client();
  const whole = await openai.chat.completions.create(chat);
  const stream = openai.chat.completions.stream({ ...chat, stream_options: { include_usage: true } });
  const streamed = await stream.finalChatCompletion();
  expect(streamed.choices[0]!.message.content).toBe(whole.choices[0]!.message.content);
  expect(streamed.choices[0]!.finish_reason).toBe('stop');
  expect(streamed.usage).toEqual(whole.usage);
});

it('sends the usage only to those who ask for it, in a last chunk without choices', async () => {
  const openai = await client();
  const chunksOf = async (options: object) => {
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await openai.chat.completions.create({ ...chat, stream: true, ...options }))
      chunks.push(chunk);
    return chunks;
  };
  const plain = await chunksOf({});
  expect(plain.every(({ choices, usage }) => choices.length === 1 && usage === undefined)).toBe(true);
  const counted = await chunksOf({ stream_options: { include_usage: true } });
  expect(counted.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 19 } });
  expect(counted.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  expect(new Set(counted.map(({ id }) => id)).size).toBe(1);
  expect(counted[0]!.choices[0]!.delta.role).toBe('assistant');
});

it('ends a stream with [DONE]', async () => {
  await client();
  const body = JSON.stringify({ ...chat, stream: true });
  const response = await fetch(`${model!.url}/chat/completions`, { method: 'POST', body });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(await response.text()).toMatch(/"finish_reason":"stop"\}\]\}\n\ndata: \[DONE\]\n\n$/);
});

it('lists its one model, and says in its name that it is scripted', async () => {
  const openai = await client();
  const { data } = await openai.models.list();
  expect(data.map(({ id }) => id)).toEqual(['offline-scripted']);
  await expect(openai.models.retrieve('offline-scripted')).resolves.toMatchObject({ object: 'model' });
  await expect(openai.models.retrieve('gpt-4o')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});

it('gives the script the messages, parts put together, and keeps what was asked', async () => {
  const openai = await client((given) => given.map(({ role, content }) => `${role}=${content}`).join(';'));
  const content = [
    { type: 'text' as const, text: 'two ' },
    { type: 'text' as const, text: 'parts' },
  ];
  const completion = await openai.chat.completions.create({
    ...chat,
    messages: [
      { role: 'system', content: 'be brief' },
      { role: 'user', content },
    ],
  });
  expect(completion.choices[0]!.message.content).toBe('system=be brief;user=two parts');
  expect(model!.requests).toHaveLength(1);
  expect(model!.requests[0]).toMatchObject({ stream: false, messages: [{ role: 'system' }, { content: 'two parts' }] });
});

describe('an error', () => {
  it.each([
    [
      'another model',
      { ...chat, model: 'gpt-4o' },
      { status: 404, code: 'model_not_found', type: 'invalid_request_error' },
    ],
    ['no messages', { ...chat, messages: [] }, { status: 400, type: 'invalid_request_error' }],
  ])('%s is said in the words of the protocol', async (_what, request, expected) => {
    const openai = await client();
    await expect(openai.chat.completions.create(request)).rejects.toMatchObject(expected);
  });

  it('of the script is one of the server', async () => {
    const openai = await client(() => {
      throw new Error('no idea');
    });
    const failing = openai.chat.completions.create(chat);
    await expect(failing).rejects.toMatchObject({ status: 500, type: 'server_error' });
    await expect(failing).rejects.toThrow('The script of the offline model failed: no idea');
  });

  it('is the answer to what is no request of this protocol', async () => {
    await client();
    expect((await fetch(`${model!.url}/embeddings`, { method: 'POST' })).status).toBe(404);
    const broken = await fetch(`${model!.url}/chat/completions`, { method: 'POST', body: '{' });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { message: 'The body of your request is not a JSON object.' } });
  });

  it('comes at once when its port is taken', async () => {
    await client();
    const port = Number(new URL(model!.url).port);
    await expect(startOfflineModel({ script: () => '', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
