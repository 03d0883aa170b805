import {
  anthropicAnswer,
  anthropicEvent,
  anthropicStart,
  anthropicText,
  answer,
  ollamaLine,
  stream,
  type Protocol,
} from '../../support/model-wire';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';
import { askStream, askWhole, chunksIn, failureOf, HELLO, partsOf, providerAt, type Body } from './ask-scripted';

// OpenAI's words said in those of others, and theirs told in OpenAI's.

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

const whole = (protocol: Protocol, body: Body) => askWhole(providerAt(upstream.url, protocol), body);

/** What goes over the wire for a body. */
async function sentFor(
  protocol: Protocol,
  body: Body,
  reply = answer(protocol, ['ok']),
): Promise<Record<string, unknown>> {
  upstream.reply(reply);
  await whole(protocol, { ...HELLO, ...body });
  return upstream.requests.at(-1)!.body;
}

const PNG = 'iVBORw0KGgo=';
const schema = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};
const look = {
  type: 'function',
  function: { name: 'look', description: 'Looks', parameters: schema, strict: true },
};
const call = (id: string, text: string) => ({ id, type: 'function', function: { name: 'look', arguments: text } });
const conversation = [
  { role: 'system', content: 'Be brief.' },
  { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
    ],
  },
  { role: 'assistant', content: null, tool_calls: [call('c1', '{"a":"x"}'), call('c2', '')] },
  { role: 'tool', tool_call_id: 'c1', content: 'one' },
  { role: 'tool', tool_call_id: 'c2', content: 'two' },
  { role: 'user', content: 'And now?' },
];

describe('anthropic', () => {
  it('is told a conversation with pictures and tools', async () => {
    expect(await sentFor('anthropic', { messages: conversation, tools: [look] })).toEqual({
      model: 'm',
      max_tokens: 500,
      stream: true,
      system: 'Be brief.\n\nBe kind.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'c1', name: 'look', input: { a: 'x' } },
            { type: 'tool_use', id: 'c2', name: 'look', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: 'one' }] },
            { type: 'tool_result', tool_use_id: 'c2', content: [{ type: 'text', text: 'two' }] },
            { type: 'text', text: 'And now?' },
          ],
        },
      ],
      tools: [{ name: 'look', description: 'Looks', input_schema: schema }],
    });
  });

  it('is told of pictures elsewhere, and of documents', async () => {
    const content = [
      { type: 'image_url', image_url: 'https://example.test/a.png' },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' } },
    ];
    expect(await sentFor('anthropic', { messages: [{ role: 'user', content }] })).toMatchObject({
      messages: [
        {
          content: [
            { type: 'image', source: { type: 'url', url: 'https://example.test/a.png' } },
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' } },
          ],
        },
      ],
    });
  });

  it.each([
    [{ max_tokens: 9 }, { max_tokens: 9 }],
    [{ max_completion_tokens: 9, max_tokens: 8 }, { max_tokens: 9 }],
    [{ max_tokens: 9_000 }, { max_tokens: 500 }],
    [{ stop: 'END' }, { stop_sequences: ['END'] }],
    [{ stop: ['END', ' \n'] }, { stop_sequences: ['END'] }],
    [{ temperature: 1.5, top_p: 0.9 }, { temperature: 1 }],
    [{ top_p: 0.9 }, { top_p: 0.9 }],
    [{ tools: [look], tool_choice: 'required' }, { tool_choice: { type: 'any' } }],
    [{ tools: [look], tool_choice: 'none' }, { tool_choice: { type: 'none' } }],
    [{ tools: [look], tool_choice: look }, { tool_choice: { type: 'tool', name: 'look' } }],
    [{ tools: [look], parallel_tool_calls: false }, { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } },
      { output_config: { format: { type: 'json_schema', schema } } },
    ],
  ])('is asked %j as %j', async (given, expected) => {
    expect(await sentFor('anthropic', given)).toMatchObject(expected);
  });

  it('is not told what it does not know', async () => {
    const sent = await sentFor('anthropic', { seed: 7, logprobs: true, user: 'u', x: 1, stream_options: {}, n: 1 });
    expect(Object.keys(sent).sort()).toEqual(['max_tokens', 'messages', 'model', 'stream']);
  });

  it('is asked in words for JSON that it cannot be held to', async () => {
    const loose = { type: 'object' };
    const json = await sentFor('anthropic', {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: loose } },
    });
    expect(json['system']).toContain(JSON.stringify(loose));
    expect(json).not.toHaveProperty('output_config');
    const any = await sentFor('anthropic', { response_format: { type: 'json_object' } });
    expect(any['system']).toContain('one JSON object');
  });

  const toolUse = [
    anthropicStart({
      input_tokens: 10,
      output_tokens: 1,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
    }),
    anthropicEvent('content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '' } }),
    anthropicEvent('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } }),
    anthropicEvent('content_block_stop', { index: 0 }),
    anthropicEvent('content_block_start', { index: 1, content_block: { type: 'text', text: '' } }),
    anthropicText('I look. '),
    anthropicEvent('content_block_start', {
      index: 2,
      content_block: { type: 'tool_use', id: 't1', name: 'look', input: {} },
    }),
    anthropicEvent('content_block_delta', { index: 2, delta: { type: 'input_json_delta', partial_json: '' } }),
    anthropicEvent('content_block_delta', { index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":' } }),
    anthropicEvent('content_block_delta', { index: 2, delta: { type: 'input_json_delta', partial_json: '"x"}' } }),
    anthropicEvent('content_block_stop', { index: 2 }),
    anthropicEvent('content_block_start', {
      index: 3,
      content_block: { type: 'tool_use', id: 't2', name: 'wait', input: {} },
    }),
    anthropicEvent('content_block_stop', { index: 3 }),
    anthropicEvent('message_delta', { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } }),
    anthropicEvent('message_stop'),
  ];

  it('calls tools and thinks, in one piece', async () => {
    upstream.reply(stream('anthropic', toolUse));
    const { body, usage } = await whole('anthropic', { ...HELLO, tools: [look] });
    expect(body).toMatchObject({
      id: 'm1',
      model: 'claude-test-2026',
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'I look. ',
            reasoning_content: 'hm',
            tool_calls: [
              { id: 't1', type: 'function', function: { name: 'look', arguments: '{"a":"x"}' } },
              { id: 't2', type: 'function', function: { name: 'wait', arguments: '{}' } },
            ],
          },
        },
      ],
      usage: {
        prompt_tokens: 130,
        total_tokens: 137,
        prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
      },
    });
    expect(usage).toEqual({ input: 130, output: 7, cacheRead: 100, cacheWrite: 20 });
  });

  it('calls tools piece by piece', async () => {
    upstream.reply(stream('anthropic', toolUse));
    const asked = { ...HELLO, stream_options: { include_usage: true } };
    const parts = await partsOf(await askStream(providerAt(upstream.url, 'anthropic'), asked));
    const deltas = chunksIn(parts).map(({ choices }) => choices[0]?.delta);
    expect(deltas).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: 'hm' },
      { content: 'I look. ' },
      { tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'look', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '"x"}' } }] },
      { tool_calls: [{ index: 1, id: 't2', type: 'function', function: { name: 'wait', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {},
      undefined,
    ]);
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content_filter'],
    ['something_new', 'stop'],
  ])('ends with %s, which is %s', async (reason, finish) => {
    upstream.reply(anthropicAnswer(['Half'], reason));
    expect((await whole('anthropic', HELLO)).body).toMatchObject({ choices: [{ finish_reason: finish }] });
  });
});

describe('ollama', () => {
  it('is told a conversation with pictures and tools', async () => {
    expect(await sentFor('ollama', { messages: conversation, tools: [look] })).toEqual({
      model: 'm',
      stream: true,
      truncate: false,
      shift: false,
      options: { num_ctx: 8_192 },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'What is it?', images: [PNG] },
        {
          role: 'assistant',
          content: '',
          tool_calls: [
            { function: { name: 'look', arguments: { a: 'x' } } },
            { function: { name: 'look', arguments: {} } },
          ],
        },
        { role: 'tool', content: 'one', tool_name: 'look' },
        { role: 'tool', content: 'two', tool_name: 'look' },
        { role: 'user', content: 'And now?' },
      ],
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks', parameters: schema } }],
    });
  });

  it('is asked for what it knows', async () => {
    const known = { temperature: 0, top_p: 0.5, seed: 7, frequency_penalty: 1, presence_penalty: 1 };
    const sent = await sentFor('ollama', { ...known, max_tokens: 9, stop: 'END', user: 'u', logit_bias: {} });
    expect(sent['options']).toEqual({ num_ctx: 8_192, num_predict: 9, stop: ['END'], ...known });
    expect(sent).not.toHaveProperty('user');
  });

  it.each([
    [{ type: 'json_object' }, 'json'],
    [{ type: 'json_schema', json_schema: { name: 'x', schema } }, schema],
    [{ type: 'text' }, undefined],
  ])('is asked for the format %j', async (response_format, format) => {
    expect((await sentFor('ollama', { response_format }))['format']).toEqual(format);
  });

  it('is told of no tools that it may not use', async () => {
    expect(await sentFor('ollama', { tools: [look], tool_choice: 'none' })).not.toHaveProperty('tools');
  });

  it('has room for the answer that is asked for, as far as it may have', async () => {
    const room = async (max_tokens: number) => (await sentFor('ollama', { max_tokens }))['options'];
    expect(await room(10_000)).toMatchObject({ num_ctx: 16_384 });
    expect(await room(60_000)).toMatchObject({ num_ctx: 16_384, num_predict: 60_000 });
  });

  it('weighs tools, and counts pictures', async () => {
    const long = { ...look, function: { ...look.function, description: 'x'.repeat(15_000) } };
    const read = stream('ollama', [ollamaLine('ok', { done: true, done_reason: 'stop', prompt_eval_count: 4_000 })]);
    expect(await sentFor('ollama', { tools: [long] }, read)).toMatchObject({ options: { num_ctx: 16_384 } });
    const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(400_000)}` } };
    const messages = [{ role: 'user', content: Array(5).fill(picture) }];
    expect(await sentFor('ollama', { messages })).toMatchObject({ options: { num_ctx: 16_384 } });
    upstream.requests.length = 0;
    const many = whole('ollama', { model: 'm', messages: [{ role: 'user', content: Array(20).fill(picture) }] });
    expect((await failureOf(many)).facts.code).toBe('context_length_exceeded');
    expect(upstream.requests).toHaveLength(0);
  });

  it('calls tools and thinks', async () => {
    const called = {
      message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'look', arguments: { a: 'x' } } }] },
    };
    const thought = { message: { role: 'assistant', content: '', thinking: 'hm' } };
    const end = ollamaLine('', { done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 7 });
    upstream.reply(stream('ollama', [ollamaLine('', thought), ollamaLine('', called), ollamaLine('', called), end]));
    const { body } = await whole('ollama', { ...HELLO, tools: [look] });
    const { choices } = body as { choices: { finish_reason: string; message: { tool_calls: { id: string }[] } }[] };
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        reasoning_content: 'hm',
        tool_calls: Array(2).fill({ type: 'function', function: { name: 'look', arguments: '{"a":"x"}' } }),
      },
    });
    expect(new Set(choices[0]!.message.tool_calls.map(({ id }) => id)).size).toBe(2);
  });

  it('ends at the length asked for', async () => {
    upstream.reply(stream('ollama', [ollamaLine('Half'), ollamaLine('', { done: true, done_reason: 'length' })]));
    expect((await whole('ollama', HELLO)).body).toMatchObject({ choices: [{ finish_reason: 'length' }] });
  });

  it('is found out when it cut the prompt, though the answer had come', async () => {
    const messages = [{ role: 'user', content: 'x'.repeat(30_000) }];
    const end = ollamaLine('', { done: true, done_reason: 'stop', prompt_eval_count: 900 });
    upstream.reply(stream('ollama', [ollamaLine('Yes'), end]));
    const commits: boolean[] = [];
    const answered = await askStream(providerAt(upstream.url, 'ollama'), { model: 'm', messages });
    const failure = await failureOf(partsOf(answered, (part) => commits.push(part.commits)));
    expect(failure).toMatchObject({
      verdict: { type: 'Provider.Request', failover: true, counts: 'no' },
      facts: { code: 'context_length_exceeded' },
    });
    expect(commits).toContain(true);
  });
});

describe('what cannot be said is refused before anybody is asked, and another may be', () => {
  const image = (url: string) => ({
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
  });
  const badCall = { messages: [{ role: 'assistant', tool_calls: [call('c', '{')] }] };
  const both: [string, object, string][] = [
    ['several answers', { n: 2 }, '`n`'],
    ['sound', { modalities: ['text', 'audio'] }, '`modalities.1`'],
    ['functions of old', { functions: [{ name: 'f' }] }, '`functions.0`'],
    ['a role that is none', { messages: [{ role: 'wizard', content: 'x' }] }, '`messages.0.role`'],
    [
      'sound within a message',
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
      '`messages.0.content`',
    ],
    ['arguments that are no JSON', badCall, 'arguments'],
    ['no message', { messages: [] }, '`messages`'],
  ];
  const cases: [Protocol, string, object, string][] = [
    ...(['anthropic', 'ollama'] as const).flatMap((protocol) =>
      both.map((row): [Protocol, string, object, string] => [protocol, ...row]),
    ),
    ['anthropic', 'a picture it cannot read', image('data:image/tiff;base64,AA=='), 'image/tiff'],
    ['ollama', 'a picture elsewhere', image('https://example.test/a.png'), 'does not fetch'],
  ];

  it.each(cases)('%s: %s', async (protocol, _what, more, says) => {
    const { verdict, facts } = await failureOf(whole(protocol, { ...HELLO, ...more }));
    expect(verdict).toMatchObject({ type: 'Provider.Request', retryable: false, failover: true, counts: 'no' });
    expect(facts).toMatchObject({ code: 'unsupported' });
    expect(facts.message).toContain(says);
    expect(upstream.requests).toHaveLength(0);
  });
});
