import { inspect } from 'node:util';
import type { Verdict } from '../../../activities/providers/classify/rule';
import type { StreamPart } from '../../../activities/providers/model-provider';
import {
  answer,
  anthropicEvent,
  anthropicStart,
  anthropicText,
  html,
  json,
  ollamaLine,
  openAiChunk,
  stream,
  type Protocol,
} from '../../support/model-wire';
import { startUpstream, type Reply, type ScriptedUpstream } from '../../support/scripted-upstream';
import { ALL_WAYS, failureOf, HELLO, KEY, providerAt, WAYS, type Way } from './ask-scripted';
import { bodyOf, recordedFailures, type Recorded } from './recorded';

// What vendors send, byte for byte, through the adapters and the SDKs below them. Every attempt is one request.

let upstream: ScriptedUpstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  upstream.requests.length = 0;
});

function protocolOf({ vendor }: Recorded): Protocol {
  return vendor === 'anthropic' || vendor === 'ollama' ? vendor : 'openai';
}

function replyOf(recorded: Recorded): Reply {
  const body = bodyOf(recorded);
  const type = body.startsWith('<') ? 'text/html' : 'application/json';
  return { status: recorded.status, headers: { 'content-type': type, ...recorded.headers }, chunks: [body] };
}

const NOW = Math.floor(Date.now() / 60_000) * 60_000;

describe.each(ALL_WAYS)('asked for %s', (way: Way) => {
  it.each(recordedFailures(NOW))('$vendor: $what ($status)', async (recorded) => {
    upstream.reply(replyOf(recorded));
    const { vendor, verdict } = recorded;
    const provider = providerAt(upstream.url, protocolOf(recorded), vendor === 'anythingllm' ? { vendor } : {});
    const failure = await failureOf(WAYS[way](provider, HELLO));
    expect(upstream.requests).toHaveLength(1);
    const { fix, ...judged } = failure.verdict;
    expect(fix).not.toBe('');
    expect(withoutTimes(judged)).toEqual(withoutTimes(verdict));
    expect(apart(judged.retryAfterMs, verdict.retryAfterMs)).toBeLessThan(MINUTES);
    expect(apart(judged.resetsAt, verdict.resetsAt)).toBeLessThan(MINUTES);
  });
});

/** What is told from now on differs by what the test took; the fast tests are exact. */
const MINUTES = 5 * 60_000;

function withoutTimes({ retryAfterMs: _, resetsAt: __, ...exact }: Omit<Verdict, 'fix'>): object {
  return exact;
}

function apart(one: number | undefined, other: number | undefined): number {
  if (one === undefined || other === undefined) return one === other ? 0 : Infinity;
  return Math.abs(one - other);
}

const half: Record<Protocol, string[]> = {
  anthropic: [anthropicStart(), anthropicText('Half an ')],
  openai: [openAiChunk({ role: 'assistant', content: '' }), openAiChunk({ content: 'Half an ' })],
  ollama: [ollamaLine('Half an ')],
};
/** What comes before any content. */
const opening: Record<Protocol, string[]> = {
  anthropic: [anthropicStart(), anthropicEvent('ping')],
  openai: [': processing\n\n', openAiChunk({ role: 'assistant', content: '' })],
  ollama: [],
};
const finish: Record<Protocol, string[]> = {
  anthropic: [
    anthropicEvent('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 0 } }),
    anthropicEvent('message_stop'),
  ],
  openai: [openAiChunk({}, 'stop'), 'data: [DONE]\n\n'],
  ollama: [ollamaLine('', { done: true, done_reason: 'stop' })],
};
const overloaded: Record<Protocol, string> = {
  anthropic: anthropicEvent('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }),
  openai: 'data: {"error":{"code":503,"message":"Overloaded"}}\n\n',
  ollama: '{"error":"Overloaded"}\n',
};

interface Broken {
  readonly what: string;
  readonly reply: Reply;
  readonly type: Verdict['type'];
  /** Content comes before it. */
  readonly committed: boolean;
  /** Only where it streams. */
  readonly ways?: readonly Way[];
}

function brokenStreams(protocol: Protocol): readonly Broken[] {
  const row = (
    what: string,
    chunks: readonly string[],
    type: Verdict['type'],
    more: Partial<Broken> & Pick<Reply, 'then'> = {},
  ) => {
    const { then, ...rest } = more;
    return { what, reply: stream(protocol, chunks, then), type, committed: true, ...rest };
  };
  const before = { committed: false } as const;
  const loaded = protocol === 'ollama' ? 'Provider.ServerError' : 'Provider.Overloaded';
  return [
    row('an end that is none, within the answer', half[protocol], 'Provider.BadResponse'),
    row('an end that is none, before the answer', opening[protocol], 'Provider.BadResponse', before),
    row('no event at all', [], 'Provider.BadResponse', before),
    row('an end in the middle of a line', [...half[protocol], 'data: {"cho'], 'Provider.BadResponse'),
    row('an end, and nothing before it', [...opening[protocol], ...finish[protocol]], 'Provider.BadResponse', before),
    row('an error within the answer', [...half[protocol], overloaded[protocol]], loaded),
    row('an error before the answer', [...opening[protocol], overloaded[protocol]], loaded, before),
    row('a connection cut within the answer', half[protocol], 'Provider.Network', { then: 'reset' }),
    row('a connection cut before the answer', opening[protocol], 'Provider.Network', { then: 'reset', ...before }),
    { what: 'a web page', reply: html(200), type: 'Provider.BadResponse', ...before },
    { what: 'an empty object', reply: json(200, {}), type: 'Provider.BadResponse', ...before },
    { what: 'nothing of its type', reply: json(200, ''), type: 'Provider.BadResponse', ...before },
    { what: 'no headers', reply: { then: 'reset' }, type: 'Provider.Network', ...before },
  ];
}

describe.each(['anthropic', 'openai', 'ollama'] as const)('%s answers with status 200 and', (protocol) => {
  // OpenAI's protocol does not stream what is asked for in one piece.
  const ways = ALL_WAYS.filter((way) => protocol !== 'openai' || way !== 'whole');
  const cases = ways.flatMap((way) => brokenStreams(protocol).map((broken) => ({ way, ...broken })));

  it.each(cases)('$what, asked for $way', async ({ way, reply, type, committed }) => {
    // What comes behind content comes when that has been read.
    let read: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => (read = resolve));
    if (way !== 'stream' || !committed) read();
    upstream.reply({ ...reply, after: { chunks: half[protocol].length, wait } });
    let commits = false;
    const onPart = (part: StreamPart): void => {
      commits ||= part.commits;
      if (commits) read();
    };
    const failure = await failureOf(WAYS[way](providerAt(upstream.url, protocol), HELLO, { onPart }));
    expect(failure.verdict.type).toBe(type);
    expect(commits).toBe(committed && way === 'stream');
    expect(upstream.requests).toHaveLength(1);
  });
});

it('an event of a stream that does not end is not waited for for ever', async () => {
  upstream.reply(stream('openai', [...half.openai, `data: ${'x'.repeat(9 * 1024 * 1024)}`], 'stall'));
  const failure = await failureOf(WAYS.stream(providerAt(upstream.url, 'openai'), HELLO));
  expect(failure).toMatchObject({ verdict: { type: 'Provider.BadResponse' }, facts: { code: 'endless' } });
  await upstream.gone(0);
});

it('an answer in one piece that does not end is not kept for ever', async () => {
  const piece = 'x'.repeat(8 * 1024 * 1024);
  const headers = { 'content-type': 'application/json' };
  upstream.reply({ headers, chunks: ['"', ...Array.from({ length: 9 }, () => piece)], then: 'stall' });
  const failure = await failureOf(WAYS.whole(providerAt(upstream.url, 'openai'), HELLO));
  expect(failure).toMatchObject({ verdict: { type: 'Provider.BadResponse' }, facts: { code: 'endless' } });
  await upstream.gone(0);
});

it.each(['stream', 'complete'] as const)(
  'an answer is whole with its end mark, whatever its connection does then, asked for %s',
  async (way) => {
    upstream.reply({ ...answer('openai', ['Hello']), then: 'stall' });
    await expect(WAYS[way](providerAt(upstream.url, 'openai'), HELLO)).resolves.toBeUndefined();
    await upstream.gone(0);
  },
);

describe('openai answers in one piece with', () => {
  const choice = (message: object | null, more: object = {}) => ({ choices: [{ index: 0, message, ...more }] });

  it.each([
    ['no choices', { choices: [] }, 'BadResponse'],
    ['a choice without a word', choice({ content: '' }, { finish_reason: 'stop' }), 'BadResponse'],
    ['what an AnythingLLM says that gave up', choice({ content: null }, { finish_reason: 'abort' }), 'BadResponse'],
    ['an end by error', choice({ content: 'Half' }, { finish_reason: 'error' }), 'BadResponse'],
    ['an error in a choice', choice(null, { error: { code: 429, message: 'Limit' } }), 'RateLimited'],
    ['an error in words', { error: 'it is broken' }, 'BadResponse'],
    ['an error in a list', [{ error: { code: 503, message: 'Overloaded' } }], 'Overloaded'],
  ])('%s', async (_what, body, type) => {
    upstream.reply(json(200, body));
    const failure = await failureOf(WAYS.whole(providerAt(upstream.url, 'openai'), HELLO));
    expect(failure.verdict.type).toBe(`Provider.${type}`);
  });

  it.each([
    [
      'a body that ends early',
      { headers: { 'content-type': 'application/json' }, chunks: ['{"choices":[{'] },
      'BadResponse',
    ],
    [
      'a body that is cut',
      { headers: { 'content-type': 'application/json', 'content-length': '99' }, chunks: ['{'], then: 'reset' },
      'Network',
    ],
    ['a stream nobody asked for', stream('openai', half.openai), 'BadResponse'],
  ] satisfies [string, Reply, string][])('%s', async (_what, reply, type) => {
    upstream.reply(reply);
    const failure = await failureOf(WAYS.whole(providerAt(upstream.url, 'openai'), HELLO));
    expect(failure.verdict.type).toBe(`Provider.${type}`);
  });

  it.each([
    ['the length is reached before the first word', choice({ content: '' }, { finish_reason: 'length' }), HELLO],
    ['a filter holds all of it back', choice({ content: '' }, { finish_reason: 'content_filter' }), HELLO],
    ['a stop comes first', choice({ content: '' }, { finish_reason: 'stop' }), { ...HELLO, stop: ['x'] }],
    ['a tool is called', choice({ content: null, tool_calls: [{ id: '1' }] }, { finish_reason: 'tool_calls' }), HELLO],
  ])('nothing is wrong where %s', async (_what, body, asked) => {
    upstream.reply(json(200, body));
    await WAYS.whole(providerAt(upstream.url, 'openai'), asked);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('a key that the server repeats', () => {
  const body = { error: { message: `Incorrect API key provided: ${KEY}`, type: 'x', param: KEY } };

  it.each(['anthropic', 'openai'] as const)('is in nothing that is said of the failure of %s', async (protocol) => {
    for (const way of ALL_WAYS) {
      upstream.reply(json(401, body, { 'x-echo': KEY }));
      const failure = await failureOf(WAYS[way](providerAt(upstream.url, protocol), HELLO));
      expect(inspect(failure, { depth: 20, showHidden: true }) + JSON.stringify(failure)).not.toContain(KEY);
      expect(failure.facts.message).toBe('Incorrect API key provided: ***');
    }
  });

  it('is not in an error within a stream either', async () => {
    upstream.reply(stream('openai', [...half.openai, `data: ${JSON.stringify(body)}\n\n`]));
    const failure = await failureOf(WAYS.stream(providerAt(upstream.url, 'openai'), HELLO));
    expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain(KEY);
    expect(failure.facts.error).toMatchObject({ param: '***' });
  });
});
