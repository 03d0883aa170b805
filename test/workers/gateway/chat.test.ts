import OpenAI from 'openai';
import { createProcessPurse } from '../../../activities/models/client/process-purse';
import { startGateway, type LiveGateway, type LiveGatewayOptions } from '../../support/live-gateway';
import { MemoryLedger } from '../../support/memory-ledger';
import { html, json, openAiWhole } from '../../support/model-wire';
import { waitUntil } from '../../support/wait-until';

const ASKED = { model: 'small', messages: [{ role: 'user' as const, content: 'What is two and two?' }] };

describe('a chat completion through the gateway', () => {
  let gateway: LiveGateway | undefined;
  afterEach(async () => gateway?.close());

  const start = async (options: LiveGatewayOptions = {}) => (gateway = await startGateway(options));

  test('comes as the provider sent it, with who answered and what it cost', async () => {
    const { client, upstreams, purse } = await start({ budgetNano: 1e12 });
    upstreams['first']!.reply(openAiWhole('Four.'));

    const { data, response } = await client().chat.completions.create(ASKED).withResponse();

    expect(data.choices[0]?.message.content).toBe('Four.');
    expect(data.model).toBe('gpt-test-2026');
    expect(data.usage?.total_tokens).toBe(18);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-gantry-provider': 'first',
      'x-gantry-model': 'small',
      'x-gantry-attempts': '1',
      'x-gantry-cost-usd': '0.018',
      'x-request-id': expect.stringMatching(/^req_/) as string,
    });
    expect(purse).toMatchObject({ spentNano: 18_000_000, heldNano: 0 });
    const [seen] = upstreams['first']!.requests;
    expect(seen).toMatchObject({ url: '/v1/chat/completions', body: ASKED });
    expect(seen?.headers.authorization).toBe('Bearer key-of-first');
  });

  test('passes tools, images and words it does not know on, and what a model calls back', async () => {
    const { client, upstreams } = await start();
    const call = { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":2,"b":2}' } };
    const choices = [
      { index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' },
    ];
    upstreams['first']!.reply(openAiWhole('', { choices }));
    const asked = {
      model: 'first/large',
      messages: [
        {
          role: 'user' as const,
          content: [
            { type: 'text' as const, text: 'Ä "model": \\ 😀' },
            { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${'iVBO'.repeat(2_000)}` } },
          ],
        },
      ],
      tools: [
        {
          type: 'function' as const,
          function: { name: 'add', parameters: { type: 'object', properties: { model: {} } } },
        },
      ],
      unheard_of: { model: 'kept' },
    };

    const answer = await client().chat.completions.create(asked);

    expect(answer.choices[0]?.message.tool_calls).toEqual([call]);
    expect(upstreams['first']!.requests[0]?.body).toEqual({ ...asked, model: 'large' });
  });

  test('is billed at an estimate where the provider tells no usage', async () => {
    const { client, upstreams, purse } = await start({ budgetNano: 1e12 });
    upstreams['first']!.reply(openAiWhole('Four.', { usage: undefined }));
    await client().chat.completions.create(ASKED);
    expect(purse.heldNano).toBe(0);
    expect(purse.spentNano).toBeGreaterThan(10_000_000);
  });

  test.each([
    [{ task: 'research' }, 'x-gantry-task', 'large'],
    [{ project: 'calculator' }, 'x-gantry-project', 'large'],
  ])('named auto goes where a rule for %p says', async (rule, header, model) => {
    const [[key, value] = ['', '']] = Object.entries(rule);
    const routes = [{ [key]: [value], chain: ['first/large'], prefer: 'order' as const }];
    const { client, upstreams } = await start({ config: { routes } });
    upstreams['first']!.reply(openAiWhole('Four.'), openAiWhole('Four.'));
    const asked = { ...ASKED, model: 'auto' };
    await client().chat.completions.create(asked, { headers: { [header]: value } });
    await client().chat.completions.create(asked);
    expect(upstreams['first']!.requests.map(({ body }) => body['model'])).toEqual([model, 'small']);
  });

  test('that its client gives up is given up upstream too, and counts against nobody', async () => {
    const { client, upstreams, purse, reports, audit } = await start({
      providers: ['first', 'second'],
      budgetNano: 1e12,
    });
    upstreams['first']!.reply({ then: 'stall', headers: { 'content-type': 'application/json' } });
    const gone = new AbortController();
    const asking = client({ maxRetries: 0 }).chat.completions.create(ASKED, { signal: gone.signal });
    await waitUntil(() => upstreams['first']!.requests.length === 1);
    gone.abort();
    await expect(asking).rejects.toThrow(OpenAI.APIUserAbortError);
    await waitUntil(() => upstreams['first']!.requests[0]?.aborted === true);
    await waitUntil(() => purse.heldNano === 0);
    expect([reports, upstreams['second']!.requests]).toEqual([[], []]);
    expect(await audit()).toMatchObject([{ status: 499, candidate: 'first/small' }]);
  });

  describe('when the first provider gives no answer', () => {
    const FAILURES = {
      'is overloaded': json(503, { error: { message: 'busy', code: 'server_is_overloaded' } }),
      'asks for fewer requests': json(
        429,
        { error: { message: 'slow', code: 'rate_limit_exceeded' } },
        { 'retry-after': '7' },
      ),
      'has no credit': json(429, { error: { message: 'quota', type: 'insufficient_quota' } }),
      'refuses the key': json(401, { error: { message: 'who?', code: 'invalid_api_key' } }),
      'does not know the model': json(404, { error: { message: 'what?', code: 'model_not_found' } }),
      'sends a web page': html(200),
      'sends an error with status 200': json(200, { error: { message: 'upstream', code: 502 } }),
      'sends no choices': json(200, { id: 'c1', choices: [] }),
      'cuts the connection': {
        status: 200,
        headers: { 'content-type': 'application/json' },
        chunks: ['{"id":'],
        then: 'reset' as const,
      },
    };

    test.each(Object.entries(FAILURES))(
      'since it %s, the next one answers and nobody notices',
      async (_why, failure) => {
        const { client, upstreams, reports, purse, audit } = await start({
          providers: ['first', 'second'],
          budgetNano: 1e12,
        });
        upstreams['first']!.reply(failure);
        upstreams['second']!.reply(openAiWhole('Four.'));

        const { data, response } = await client({ maxRetries: 0 }).chat.completions.create(ASKED).withResponse();

        expect(data.choices[0]?.message.content).toBe('Four.');
        expect(response.headers.get('x-gantry-provider')).toBe('second');
        expect(response.headers.get('x-gantry-attempts')).toBe('2');
        expect(upstreams['first']!.requests).toHaveLength(1);
        expect(upstreams['second']!.requests).toHaveLength(1);
        expect(reports.some(({ report }) => report.outcome !== 'success')).toBe(true);
        expect(purse.heldNano).toBe(0);
        const [line] = await audit();
        expect(line).toMatchObject({
          candidate: 'second/small',
          attempts: 2,
          status: 200,
          key: 'local',
          failed: [{ candidate: 'first/small' }],
        });
      },
    );
  });

  describe('tells the client in words of OpenAI', () => {
    test.each([
      [
        404,
        json(404, { error: { message: 'gone', code: 'model_not_found' } }),
        { code: 'model_not_found', param: 'model' },
        null,
      ],
      [
        429,
        json(429, { error: { message: 'slow', code: 'rate_limit_exceeded' } }, { 'retry-after': '7' }),
        { code: 'rate_limit_exceeded' },
        '7',
      ],
      [503, json(500, { error: { message: 'broken' } }), { code: 'no_provider_available' }, '5'],
      [503, json(401, { error: { message: 'who?' } }), { code: 'no_provider_available' }, '300'],
      [
        400,
        json(400, {
          error: { message: 'temperature is 9', type: 'invalid_request_error', param: 'temperature', code: 'too_hot' },
        }),
        { code: 'too_hot', param: 'temperature', type: 'invalid_request_error' },
        null,
      ],
      [422, json(422, { error: { message: 'no' } }), { type: 'invalid_request_error' }, null],
    ])('with %d that its only provider failed', async (status, failure, expected, retryAfter) => {
      const { client, upstreams } = await start();
      upstreams['first']!.reply(failure);
      const error = await failureOf(client({ maxRetries: 0 }).chat.completions.create(ASKED));
      expect(error).toMatchObject({ status, ...expected });
      expect(error.headers?.get('retry-after')).toBe(retryAfter);
      const isFinal = retryAfter === null || Number(retryAfter) > 60;
      expect(error.headers?.get('x-should-retry')).toBe(isFinal ? 'false' : null);
      expect(error.requestID).toMatch(/^req_/);
      expect(upstreams['first']!.requests).toHaveLength(1);
    });

    test('why each provider cannot be asked, and when to come back', async () => {
      const { client, standings, upstreams } = await start({ providers: ['first', 'second'] });
      const until = Date.now() + 30_000;
      standings.set('first', { state: 'open', generation: 1, why: 'three failures', until });
      standings.set('second', { state: 'isolated', generation: 1, why: 'taken out by ann' });
      const error = await failureOf(client({ maxRetries: 0 }).chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 503, code: 'no_provider_available', type: 'no_provider_available' });
      expect(error.message).toMatch(/first\/small.*three failures.*second\/small.*taken out by ann/);
      expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(25);
      expect(error.headers?.get('x-should-retry')).toBeNull();
      expect(upstreams['first']!.requests).toEqual([]);
    });

    test('that a budget is used up, and the client does not try again', async () => {
      const { client, upstreams, audit } = await start({ budgetNano: 1 });
      let requests = 0;
      const fetching: typeof fetch = (...given) => {
        requests += 1;
        return fetch(...given);
      };
      const error = await failureOf(client({ fetch: fetching }).chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 402, code: 'budget_exceeded', type: 'budget_exceeded' });
      expect(error.headers?.get('x-should-retry')).toBe('false');
      expect(requests).toBe(1);
      expect(upstreams['first']!.requests).toEqual([]);
      expect(await audit()).toMatchObject([{ status: 402, error: 'budget_exceeded', attempts: 0 }]);
    });

    test('when a budget that is used up begins anew', async () => {
      const { client } = await start({ budgetNano: 1, budgetAnewAt: Date.now() + 3_600_000 });
      const error = await failureOf(client().chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 402, code: 'budget_exceeded' });
      expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(3_500);
      expect(error.headers?.get('x-should-retry')).toBe('false');
    });

    test('that the ledger of budgets is away, when it draws its first money too', async () => {
      const ledger = new MemoryLedger();
      ledger.fault = 'down';
      const purse = createProcessPurse({ ledger, scope: {}, name: 'test', sliceNano: 1e9 });
      const { client, upstreams, audit } = await start({ purseOf: () => purse });
      const error = await failureOf(client({ maxRetries: 0 }).chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 503, code: 'budget_unavailable', type: 'budget_unavailable' });
      expect(error.message).toMatch(/The budgets of acme gave no answer in time\. `gantry doctor` says/);
      expect([error.headers?.get('retry-after'), error.headers?.get('x-should-retry')]).toEqual(['5', null]);
      expect(upstreams['first']!.requests).toEqual([]);
      expect(await audit()).toMatchObject([{ status: 503, error: 'budget_unavailable' }]);
    });

    const TOO_LONG = json(400, {
      error: { message: 'the limit is 8 tokens', type: 'invalid_request_error', code: 'context_length_exceeded' },
    });

    test('that it fits the context of nobody who was asked', async () => {
      const { client, upstreams } = await start({ providers: ['first', 'second'] });
      upstreams['first']!.reply(TOO_LONG);
      upstreams['second']!.reply(TOO_LONG);
      const error = await failureOf(client().chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' });
      expect(error.param).toBe('messages');
      expect(error.message).toMatch(/first\/small.*the limit is 8 tokens.*second\/small.*larger context/);
      expect(error.headers?.get('x-should-retry')).toBe('false');
    });

    test('that somebody with a larger context only failed for now', async () => {
      const { client, upstreams } = await start({ providers: ['first', 'second'] });
      upstreams['first']!.reply(TOO_LONG);
      upstreams['second']!.reply(json(500, { error: { message: 'broken' } }));
      const error = await failureOf(client({ maxRetries: 0 }).chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 503, code: 'no_provider_available' });
      expect(error.headers?.get('retry-after')).toBe('5');
    });

    test.each([
      [
        json(401, { error: { message: 'who?' } }),
        /^Provider\.Auth: first\/small \(HTTP 401\): who\?\. Whoever runs the gateway/,
      ],
      [json(429, { error: { message: 'none', type: 'insufficient_quota' } }), /none\. Whoever runs the gateway/],
    ])('what to do next, where nobody knows of stages, runs and workers: %#', async (failure, said) => {
      const { client, upstreams } = await start();
      upstreams['first']!.reply(failure);
      const error = await failureOf(client({ maxRetries: 0 }).chat.completions.create(ASKED));
      expect(error.error).toMatchObject({ message: expect.stringMatching(said) as string });
      expect(error.message).not.toMatch(/\b(stage|run|worker)\b/);
    });

    test('that a policy forbids it', async () => {
      const policies = [{ name: 'eu', mode: 'HARD' as const, deny: ['first'] }];
      const { client } = await start({ config: { policies } });
      const error = await failureOf(client().chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 403, code: 'policy_violation' });
    });

    test('and never the key of a provider that repeats it', async () => {
      const { client, upstreams } = await start();
      const repeated = (status: number) => json(status, { error: { message: 'not with key-of-first', param: 'x' } });
      for (const status of [400, 401, 500]) {
        upstreams['first']!.reply(repeated(status));
        const error = await failureOf(client({ maxRetries: 0 }).chat.completions.create(ASKED));
        expect(error.message).toMatch(/not with \*\*\*/);
      }
    });

    test('that no answer came in time', async () => {
      const { client, upstreams } = await start({ limits: { totalMs: 300, firstEventMs: 300 } });
      upstreams['first']!.reply({ then: 'stall', headers: { 'content-type': 'application/json' } });
      const error = await failureOf(client({ maxRetries: 0 }).chat.completions.create(ASKED));
      expect(error).toMatchObject({ status: 504, code: 'timeout' });
      await upstreams['first']!.gone(0);
    });
  });
});

async function failureOf(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await call.then(
    () => new Error('it answered'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw error;
}
