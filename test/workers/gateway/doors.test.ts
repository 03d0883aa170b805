import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type OpenAI from 'openai';
import { startGateway, type LiveGateway, type LiveGatewayOptions } from '../../support/live-gateway';
import { json, openAiWhole } from '../../support/model-wire';

const MESSAGES = [{ role: 'user' as const, content: 'What is two and two?' }];
const KEY = 'gk-ann-0123456789';
const KEYS = {
  ann: { key: 'ANN_KEY', team: 'platform', job: 'calculator' },
  bob: { sha256: createHash('sha256').update('gk-bob').digest('hex'), models: ['second', 'first/small'] },
};
const ENV = { ANN_KEY: KEY };
const EMBEDDING = {
  object: 'list',
  model: 'embed-1',
  data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
  usage: { prompt_tokens: 4, total_tokens: 4 },
};

describe('the doors of the gateway', () => {
  let gateway: LiveGateway | undefined;
  afterEach(async () => gateway?.close());

  const start = async (options: LiveGatewayOptions = {}) => (gateway = await startGateway(options));

  describe('list what may be asked', () => {
    const chains = { cheap: ['first/small', 'second/large'] };

    test('providers with their models, models by themselves, and chains', async () => {
      const { client } = await start({ providers: ['first', 'second'], config: { chains } });
      const { data, object } = (await client().models.list()) as unknown as { data: OpenAI.Model[]; object: string };
      expect(object).toBe('list');
      expect(data.map(({ id }) => id)).toEqual([
        'cheap',
        'first/small',
        'first/large',
        'second/small',
        'second/large',
        'small',
        'large',
      ]);
      expect(data[0]).toEqual({ id: 'cheap', object: 'model', created: 0, owned_by: 'gantry' });
    });

    test('each by its name, also where that holds a slash', async () => {
      const { client } = await start();
      expect(await client().models.retrieve('first/large')).toMatchObject({ id: 'first/large', owned_by: 'first' });
      await expect(client().models.retrieve('nothing')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    });

    test('and nothing that a key may not use', async () => {
      const { client } = await start({ providers: ['first', 'second'], keys: KEYS, env: ENV, config: { chains } });
      const { data } = await client({ apiKey: 'gk-bob' }).models.list();
      expect(data.map(({ id }) => id)).toEqual([
        'cheap',
        'first/small',
        'second/small',
        'second/large',
        'small',
        'large',
      ]);
    });
  });

  test('a model that nobody lists is not asked for', async () => {
    const { client, upstreams } = await start();
    await expect(client().chat.completions.create({ model: 'gpt-99', messages: MESSAGES })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    expect(upstreams['first']!.requests).toEqual([]);
  });

  describe('with keys', () => {
    const open = () => start({ providers: ['first', 'second'], keys: KEYS, env: ENV });

    test.each([
      ['GET', '/v1/models'],
      ['POST', '/v1/chat/completions'],
      ['POST', '/v1/embeddings'],
      ['GET', '/v1/providers/health'],
      ['GET', '/metrics'],
    ])('%s %s is for holders of one', async (method, path) => {
      const { url } = await open();
      for (const authorization of [undefined, 'Bearer wrong', KEY, `Basic ${KEY}`, 'Bearer ']) {
        const response = await fetch(url + path, {
          method,
          headers: authorization === undefined ? {} : { authorization },
        });
        expect(response.status).toBe(401);
        expect(response.headers.get('x-should-retry')).toBe('false');
        expect(await response.json()).toMatchObject({
          error: { type: 'invalid_request_error', code: 'invalid_api_key', param: null },
        });
      }
    });

    test('the audit says who asked, for which team and job, and nothing of what was said', async () => {
      const { client, upstreams, audit } = await open();
      upstreams['first']!.reply(openAiWhole('Four.'));
      await client({ apiKey: KEY }).chat.completions.create(
        { model: 'small', messages: MESSAGES },
        { headers: { 'x-gantry-task': 'sums', 'x-client-request-id': 'mine-7' } },
      );
      const lines = await audit();
      expect(lines).toMatchObject([
        {
          clientId: 'mine-7',
          key: 'ann',
          team: 'platform',
          job: 'calculator',
          task: 'sums',
          asked: 'small',
          by: 'asked for by name',
          candidate: 'first/small',
          inputTokens: 11,
          outputTokens: 7,
          costNano: 18_000_000,
          status: 200,
        },
      ]);
      expect(JSON.stringify(lines)).not.toMatch(/two|Four|gk-/);
    });

    test('one may use only the models it names, also of a chain', async () => {
      const { client, upstreams } = await open();
      const bob = client({ apiKey: 'gk-bob' });
      await expect(bob.chat.completions.create({ model: 'first/large', messages: MESSAGES })).rejects.toMatchObject({
        status: 403,
        code: 'model_not_allowed',
      });
      upstreams['second']!.reply(openAiWhole('Four.'));
      const { response } = await bob.chat.completions.create({ model: 'large', messages: MESSAGES }).withResponse();
      expect(response.headers.get('x-gantry-provider')).toBe('second');
      expect(upstreams['first']!.requests).toEqual([]);
    });
  });

  test('without keys only this machine may ask, and no page of a browser', async () => {
    const { url } = await start();
    const { port } = new URL(url);
    const answer = await raw(
      Number(port),
      `GET /v1/models HTTP/1.1\r\nHost: evil.example:${port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    expect((await fetch(`${url}/v1/models`)).status).toBe(200);
    const form = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ model: 'small', messages: MESSAGES }),
    });
    expect(form.status).toBe(400);
  });

  test.each([
    ['https://evil.example', 403],
    ['null', 403],
    ['http://localhost:3000', 200],
    ['http://[::1]:3000', 200],
  ])('without keys a page of %s is answered %d', async (origin, status) => {
    const { url } = await start();
    expect((await fetch(`${url}/v1/models`, { headers: { origin } })).status).toBe(status);
  });

  test('with a key a page may be of anywhere', async () => {
    const { url } = await start({ keys: KEYS, env: ENV });
    const headers = { origin: 'https://tools.example', authorization: `Bearer ${ENV.ANN_KEY}` };
    expect((await fetch(`${url}/v1/models`, { headers })).status).toBe(200);
  });

  describe('for embeddings', () => {
    test('pass them on, with their cost', async () => {
      const { client, upstreams, purse } = await start({ budgetNano: 1e12 });
      upstreams['first']!.reply(json(200, EMBEDDING));
      const answer = await client().embeddings.create({
        model: 'first/small',
        input: 'Four',
        encoding_format: 'float',
      });
      expect(answer.data[0]?.embedding).toEqual([0.5, 0.25]);
      expect(upstreams['first']!.requests[0]).toMatchObject({
        url: '/v1/embeddings',
        body: { model: 'small', input: 'Four' },
      });
      expect(purse).toMatchObject({ spentNano: 4_000_000, heldNano: 0 });
    });

    test('refuse an input that is none', async () => {
      const { url } = await start();
      for (const input of [undefined, '', [], 7]) {
        const response = await fetch(`${url}/v1/embeddings`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'small', input }),
        });
        expect([response.status, await response.json()]).toMatchObject([400, { error: { param: 'input' } }]);
      }
    });
  });

  describe('of health', () => {
    test('say that the process lives and is of use', async () => {
      const { url } = await start({ keys: KEYS, env: ENV });
      const probes = [`${url}/healthz`, `${url}/readyz`];
      for (const method of ['GET', 'HEAD']) {
        const answers = await Promise.all(probes.map((probe) => fetch(probe, { method })));
        expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      }
    });

    test('say why it is of no use, with every reason', async () => {
      const { url, standings } = await start({ ledgerTrouble: () => Promise.resolve('no answer in time') });
      standings.set('first', { state: 'isolated', generation: 1, why: 'taken out by ann' });
      const response = await fetch(`${url}/readyz`);
      expect([response.status, await response.json()]).toEqual([
        503,
        {
          status: 'not ready',
          reasons: [expect.stringContaining('taken out by ann'), expect.stringContaining('no answer in time')],
        },
      ]);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
    });

    test('say that they had no answer, before whoever probes gives up', async () => {
      const silent = new Promise<undefined>(() => undefined);
      const { url } = await start({ ledgerTrouble: () => silent, limits: { probeMs: 50 } });
      const response = await fetch(`${url}/readyz`);
      expect([response.status, await response.json()]).toEqual([
        503,
        { status: 'not ready', reasons: [expect.stringMatching(/ledger of budgets.*no answer within 50 ms/)] },
      ]);
    });

    test('tell of each provider how its breaker stands, and how fast it was', async () => {
      const { url, client, standings, upstreams } = await start({ providers: ['first', 'second'] });
      const until = Date.now() + 60_000;
      standings.set('second', { state: 'open', generation: 1, why: 'no credit', until });
      upstreams['first']!.reply(openAiWhole('Four.'));
      await client().chat.completions.create({ model: 'small', messages: MESSAGES });
      const { data } = (await (await fetch(`${url}/v1/providers/health`)).json()) as { data: unknown[] };
      expect(data).toMatchObject([
        {
          id: 'first',
          breaker: 'closed',
          last_latency_ms: expect.any(Number) as number,
          models: [{ id: 'small', breaker: 'closed' }, { id: 'large' }],
        },
        { id: 'second', breaker: 'open', why: 'no credit', until: Math.ceil(until / 1000), last_latency_ms: null },
      ]);
    });

    test('count no request that is over as one in flight, also where a word of a header was refused', async () => {
      const { url, audit } = await start();
      const headers = { 'content-type': 'application/json', 'x-gantry-task': 'two words' };
      const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: '{}' });
      expect(response.status).toBe(400);
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('gantry_gateway_requests_in_flight 0');
      expect(await audit()).toMatchObject([{ status: 400, key: 'local' }]);
    });

    test('count requests, tokens, cost and refusals for Prometheus', async () => {
      const { url, client, standings, upstreams } = await start({ providers: ['first', 'second'], budgetNano: 1e12 });
      standings.set('first', { state: 'isolated', generation: 1 });
      upstreams['second']!.reply(openAiWhole('Four.'));
      await client().chat.completions.create({ model: 'small', messages: MESSAGES });
      const text = await (await fetch(`${url}/metrics`)).text();
      const who = 'gen_ai_operation_name="chat",gen_ai_provider_name="second",gen_ai_request_model="small"';
      expect(text).toContain(`gantry_gateway_requests_total{${who},status="200"} 1`);
      expect(text).toContain(`gantry_gateway_cost_usd_total{${who}} 0.018`);
      expect(text).toContain(`gen_ai_client_token_usage_sum{${who},gen_ai_token_type="output"} 7`);
      expect(text).toContain('gantry_gateway_refusals_total{gen_ai_provider_name="first",kind="breaker"} 1');
      expect(text).toContain('gantry_gateway_requests_in_flight 0');
    });
  });
});

function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket
      .on('data', (chunk) => (answer += String(chunk)))
      .once('close', () => resolve(answer))
      .once('error', reject);
  });
}
