import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch as fetchOver, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { answer, beginning, openAiWhole, stream, type Protocol } from '../../support/model-wire';
import { startUpstream, type Reply, type ScriptedUpstream } from '../../support/scripted-upstream';
import { waitUntil } from '../../support/wait-until';
import { ALL_WAYS, askStream, failureOf, HELLO, partsOf, providerAt, textOf, WAYS, type Way } from './ask-scripted';

// The clocks of a call are its own: for the first event, for pauses, and for all of it.

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

const PROTOCOLS: readonly Protocol[] = ['anthropic', 'openai', 'ollama'];
const EVERY_MS = 20;

/** What keeps a connection alive and is no event. */
const KEEP_ALIVE: Record<Protocol, string> = { anthropic: ': ping\n\n', openai: ': PROCESSING\n\n', ollama: '\n' };

function goodAnswer(protocol: Protocol, way: Way): Reply {
  return protocol === 'openai' && way === 'whole' ? openAiWhole('Hello') : answer(protocol, ['Hello']);
}

describe.each(PROTOCOLS)('%s', (protocol) => {
  const pulse = { chunk: KEEP_ALIVE[protocol], everyMs: EVERY_MS };
  // What is asked for in one piece has no events.
  const streamed = ALL_WAYS.filter((way) => protocol !== 'openai' || way !== 'whole');

  it.each(streamed)('takes no keep-alive for the first event, asked for %s', async (way) => {
    upstream.reply({ ...stream(protocol, [], 'stall'), pulse });
    const failure = await failureOf(
      WAYS[way](providerAt(upstream.url, protocol), HELLO, { timeouts: { firstEventMs: 300 } }),
    );
    expect(failure).toMatchObject({
      verdict: { type: 'Provider.Timeout', counts: 'transient' },
      facts: { message: 'no first event within 0.3 s' },
    });
    await upstream.gone(0);
  });

  it.each(streamed)('takes one for a sign of life after it, asked for %s', async (way) => {
    upstream.reply({ ...stream(protocol, beginning(protocol), 'stall'), pulse });
    const timeouts = { firstEventMs: 400, idleMs: 400, totalMs: 900 };
    const failure = await failureOf(WAYS[way](providerAt(upstream.url, protocol), HELLO, { timeouts }));
    expect(failure.facts.message).toBe('no complete answer within 0.9 s');
    await upstream.gone(0);
  });

  it.each(streamed)('ends a stream that says nothing any more, asked for %s', async (way) => {
    upstream.reply(stream(protocol, beginning(protocol), 'stall'));
    const failure = await failureOf(
      WAYS[way](providerAt(upstream.url, protocol), HELLO, { timeouts: { idleMs: 200 } }),
    );
    expect(failure.facts.message).toBe('no further event within 0.2 s');
    await upstream.gone(0);
  });

  it('is not late when it is read slowly', async () => {
    upstream.reply(answer(protocol, ['Hello', ' there']));
    const answered = await askStream(providerAt(upstream.url, protocol), HELLO, { timeouts: { idleMs: 100 } });
    const parts = await partsOf(answered, () => sleep(250));
    expect(parts.some(({ commits }) => commits)).toBe(true);
    expect(textOf(parts)).toBe('Hello there');
  });

  it.each(ALL_WAYS)('gives up with the caller, asked for %s', async (way) => {
    upstream.reply({ ...goodAnswer(protocol, way), then: 'stall', chunks: [] });
    const caller = new AbortController();
    const reason = new Error('the activity was cancelled');
    const call = WAYS[way](providerAt(upstream.url, protocol), HELLO, { signal: caller.signal });
    const outcome = call.catch((error: unknown) => error);
    await waitUntil(() => upstream.requests.length > 0);
    caller.abort(reason);
    expect(await outcome).toBe(reason);
    await upstream.gone(0);
  });

  it.each(ALL_WAYS)('asks nobody for a caller who gave up before, asked for %s', async (way) => {
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(WAYS[way](providerAt(upstream.url, protocol), HELLO, { signal })).rejects.toThrow('gone');
    expect(upstream.requests).toHaveLength(0);
  });

  it('is asked again over the same connections', async () => {
    const calls = Array.from({ length: 4 }, () => ALL_WAYS).flat();
    for (const way of calls) {
      upstream.reply(goodAnswer(protocol, way));
      await WAYS[way](providerAt(upstream.url, protocol), HELLO);
    }
    expect(upstream.requests).toHaveLength(12);
    // One may not be free yet when the next call begins.
    expect(upstream.connections()).toBeLessThanOrEqual(2);
  });
});

describe('an answer in one piece', () => {
  it('is waited for as long as the whole call may take', async () => {
    upstream.reply({ ...openAiWhole('Hello'), silentMs: 400 });
    await WAYS.whole(providerAt(upstream.url, 'openai'), HELLO, { timeouts: { firstEventMs: 100, idleMs: 100 } });
    upstream.reply({ ...openAiWhole('Hello'), then: 'stall', chunks: [] });
    const late = WAYS.whole(providerAt(upstream.url, 'openai'), HELLO, { timeouts: { totalMs: 300 } });
    expect((await failureOf(late)).facts.message).toBe('no complete answer within 0.3 s');
  });

  it('may begin with what only keeps the connection alive', async () => {
    upstream.reply({ ...openAiWhole('Hello'), chunks: ['\n', '\n', ...(openAiWhole('Hello').chunks ?? [])] });
    await WAYS.whole(providerAt(upstream.url, 'openai'), HELLO);
    expect(upstream.requests).toHaveLength(1);
  });

  it('must not stop in the middle', async () => {
    upstream.reply({ headers: { 'content-type': 'application/json' }, chunks: ['{"cho'], then: 'stall' });
    const stuck = WAYS.whole(providerAt(upstream.url, 'openai'), HELLO, { timeouts: { idleMs: 200 } });
    expect((await failureOf(stuck)).facts.message).toBe('no further event within 0.2 s');
  });
});

describe("the clocks of Node's own fetch", () => {
  const usual = getGlobalDispatcher();
  // As the 300 s that it waits for headers and between chunks are, only shorter.
  const hasty = new Agent({ headersTimeout: 50, bodyTimeout: 50 });
  beforeEach(() => setGlobalDispatcher(hasty));
  afterEach(() => setGlobalDispatcher(usual));
  afterAll(() => hasty.close());

  const SLOW_MS = 2_000;

  it('do not apply', async () => {
    const slow = (protocol: Protocol, way: Way) => ({ ...goodAnswer(protocol, way), silentMs: SLOW_MS });
    const servers = await Promise.all(PROTOCOLS.map(() => startUpstream()));
    const calls = PROTOCOLS.flatMap((protocol, index) => {
      const server = servers[index]!;
      return ALL_WAYS.filter((way) => protocol !== 'openai' || way !== 'whole').map((way) => {
        server.reply(slow(protocol, way));
        return WAYS[way](providerAt(server.url, protocol), HELLO);
      });
    });
    upstream.reply(slow('openai', 'whole'), slow('openai', 'whole'));
    const whole = WAYS.whole(providerAt(upstream.url, 'openai'), HELLO);
    const control = fetchOver(upstream.url, { method: 'POST', body: '{}' });
    await expect(control).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } });
    expect(await Promise.all([...calls, whole])).toHaveLength(9);
    await Promise.all(servers.map((server) => server.close()));
  });
});
