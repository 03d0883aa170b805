import { randomUUID } from 'node:crypto';
import { createModelClient } from '../../activities/models/client/create-model-client';
import {
  CallFailed,
  NobodyAvailable,
  type Answered,
  type CallTarget,
  type ModelClient,
} from '../../activities/models/client/model-client';
import { createProvider } from '../../activities/providers/create-provider';
import { openAiProtocol } from '../../activities/providers/openai/protocol';
import {
  PROVIDER_BREAKER,
  breakerQuery,
  breakerWorkflowId,
  type BreakerInput,
  type BreakerView,
} from '../../contracts/breakers';
import { createPriceBook } from '../../contracts/prices';
import { createBreakers } from '../../workers/doors/breakers';
import { EntityWorker } from '../support/entity-worker';
import { json, openAiAnswer } from '../support/model-wire';
import { provider } from '../support/routing-facts';
import { tryOf } from '../support/scripted-models';
import { startUpstream, type ScriptedUpstream } from '../support/scripted-upstream';
import { waitUntil } from '../support/wait-until';

// The whole way of a call, for many callers at once: real breakers in Temporal, the client of every worker, HTTP.

const PROCESSES = 5;
const CALLERS = 100;
const OPEN_MS = 50;
const BROKEN = json(500, { error: { message: 'broken' } });

let entities: EntityWorker;
let upstream: ScriptedUpstream;
beforeAll(async () => {
  entities = await EntityWorker.start();
});
afterAll(() => entities.stop());
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

/** A provider whose breaker is open for a moment only, and the clients of as many processes that share it. */
async function sharedProvider() {
  const name = `shared-${randomUUID().slice(0, 8)}`;
  const firstOpenMs = { transient: OPEN_MS, limit: OPEN_MS, permanent: OPEN_MS };
  const breaker = await entities.client.workflow.start(PROVIDER_BREAKER, {
    workflowId: breakerWorkflowId(name),
    taskQueue: entities.taskQueue,
    args: [{ provider: name, limits: { firstOpenMs } } satisfies BreakerInput],
  });
  const adapter = createProvider(openAiProtocol({ name, baseUrl: `${upstream.url}/v1`, structuredOutput: false }));
  const clients = Array.from({ length: PROCESSES }, () => clientOf(name));
  const call = async ({ model }: CallTarget): Promise<Answered<string>> => {
    const timeouts = { firstEventMs: 30_000, idleMs: 30_000, totalMs: 30_000 };
    const messages = [{ role: 'user', content: 'Hello' }] as const;
    const { text, usage } = await adapter.complete({ model, messages, timeouts }, new AbortController().signal);
    return { value: text, usage: usage!, model };
  };
  /** What became of each call: its answer, or what it was told. */
  const ask = async (calls: number, onNobody = () => undefined as void): Promise<readonly string[]> => {
    const asking = Array.from({ length: calls }, (_, index) =>
      clients[index % PROCESSES]!.attempt(tryOf({ attemptId: randomUUID() }), call).then(
        ({ value }) => value,
        (error: unknown) => {
          if (error instanceof CallFailed) return 'failed';
          if (!(error instanceof NobodyAvailable)) throw error;
          expect(error).toMatchObject({ type: 'Provider.Unavailable', retryAt: expect.any(Number) as number });
          onNobody();
          return 'nobody';
        },
      ),
    );
    return Promise.all(asking);
  };
  const look = (): Promise<BreakerView> => breaker.query(breakerQuery);
  const until = (state: string): Promise<unknown> => waitUntil(async () => (await look()).state === state);
  return { ask, until, look, client: clients[0]! };
}

/** The client of one process: what it knows of breakers is its own. */
function clientOf(name: string): ModelClient {
  const providers = [provider(name, ['small'])];
  return createModelClient({
    config: { providers, chains: {}, routes: [], experiments: [], policies: [] },
    breakers: createBreakers({
      ...{ connection: entities.connection, namespace: 'default', taskQueue: entities.taskQueue, cacheMs: 20 },
      log: { info: () => undefined, warn: () => undefined },
    }),
    prices: createPriceBook(providers),
    profiles: { known: () => Promise.resolve([]), learn: () => undefined },
    redact: (text) => text,
  });
}

describe('a hundred callers of five processes at a half-open breaker', () => {
  it('make one request; when that was answered all of them are', async () => {
    const { ask, until } = await sharedProvider();
    upstream.reply(BROKEN, BROKEN, BROKEN);
    await ask(3);
    await until('half-open');
    expect(upstream.requests).toHaveLength(3);

    // The probe is answered only when everybody else has been told that there is nobody to ask.
    let told = 0;
    let answer: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => (answer = resolve));
    upstream.reply({ ...openAiAnswer(['Back.']), after: { chunks: 0, wait } });
    const outcomes = await ask(CALLERS, () => {
      told += 1;
      if (told === CALLERS - 1) answer();
    });
    expect(outcomes.filter((one) => one === 'Back.')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'nobody')).toHaveLength(CALLERS - 1);
    expect(upstream.requests).toHaveLength(4);

    await until('closed');
    upstream.reply(...Array.from({ length: PROCESSES }, () => openAiAnswer(['Well.'])));
    // What a process knows of the breaker may be some milliseconds old.
    await waitUntil(async () => (await ask(PROCESSES)).every((one) => one === 'Well.'), { everyMs: 100 });
  });

  it('one of whom is gone in the middle of his probe leave it to the next at once', async () => {
    const { ask, until, look, client } = await sharedProvider();
    upstream.reply(BROKEN, BROKEN, BROKEN);
    await ask(3);
    await until('half-open');
    const gone = new Error('the caller is gone');
    await expect(
      client.attempt(tryOf({ attemptId: 'gone', timeoutMs: 600_000 }), () => Promise.reject(gone)),
    ).rejects.toBe(gone);
    await waitUntil(async () => (await look()).probe === undefined);
    upstream.reply(openAiAnswer(['Back.']));
    await waitUntil(async () => (await ask(1)).includes('Back.'));
    expect(upstream.requests).toHaveLength(4);
  });

  it('make one request when that fails too, and the breaker opens once more, not a hundred times', async () => {
    const { ask, until, look } = await sharedProvider();
    upstream.reply(BROKEN, BROKEN, BROKEN);
    await ask(3);
    await until('half-open');
    let told = 0;
    let answer: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => (answer = resolve));
    upstream.reply({ ...BROKEN, after: { chunks: 0, wait } });
    const outcomes = await ask(CALLERS, () => {
      told += 1;
      if (told === CALLERS - 1) answer();
    });
    expect(outcomes.filter((one) => one === 'failed')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'nobody')).toHaveLength(CALLERS - 1);
    expect(upstream.requests).toHaveLength(4);
    await waitUntil(async () => (await look()).trips === 2);
  });
});
