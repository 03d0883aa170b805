import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { promisify } from 'node:util';
import { startGateway, type LiveGateway } from '../../support/live-gateway';
import { openAiWhole } from '../../support/model-wire';
import { waitUntil } from '../../support/wait-until';

const MESSAGES = [{ role: 'user', content: 'What is two and two?' }];
const JSON_TYPE = { 'content-type': 'application/json' };

describe('what the gateway does not take', () => {
  let gateway: LiveGateway;
  beforeEach(async () => (gateway = await startGateway({ limits: { headersMs: 500, requestMs: 1_000 } })));
  afterEach(() => gateway.close());

  const post = (body: string | Buffer, headers: Record<string, string> = JSON_TYPE) =>
    fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });

  afterEach(() => expect(gateway.upstreams['first']!.requests).toEqual([]));

  test.each([
    ['nothing', '', {}],
    ['no JSON', '{"model": "small"', { code: 'invalid_json' }],
    ['a list', '[]', {}],
    [
      'text that is not UTF-8',
      Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
      { code: 'invalid_encoding' },
    ],
    ['no messages', body({ messages: undefined }), { param: 'messages' }],
    ['empty messages', body({ messages: [] }), { param: 'messages' }],
    ['messages that are no objects', body({ messages: ['Hello'] }), { param: 'messages' }],
    ['a stream that is neither true nor false', body({ stream: 'yes' }), { param: 'stream' }],
    ['a model that is no text', body({ model: 7 }), { param: 'model' }],
    ['far too many choices', body({ n: 1e9 }), { param: 'n' }],
    ['half a choice', body({ n: 0.5 }), { param: 'n' }],
    ['an answer of no length', body({ max_tokens: 0 }), { param: 'max_tokens' }],
    ['an answer of endless length', body({ max_completion_tokens: 1e300 }), { param: 'max_completion_tokens' }],
    ['options of a stream without one', body({ stream_options: { include_usage: true } }), { param: 'stream_options' }],
  ])('%s', async (_what, given, expected) => {
    const response = await post(given);
    expect(response.status).toBe(400);
    expect(response.headers.get('x-should-retry')).toBe('false');
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type']);
    expect(error).toMatchObject({ type: 'invalid_request_error', ...expected });
  });

  test.each([
    ['{"model": "small",\n "messages": [}', 'line 2, column 15'],
    ['{"model": "small", "messages": []', 'line 1, column 34'],
    ["{'model': 1}", 'line 1, column 2'],
    ['{"a": tru }', 'line 1, column 10'],
    ['{"a": "\n"}', 'line 1, column 8'],
    [' nothing', 'line 1, column 3'],
  ])('%j, which is no JSON, with the place', async (given, place) => {
    const { error } = (await (await post(given)).json()) as { error: object };
    expect(error).toMatchObject({ code: 'invalid_json', message: `The body is not valid JSON (${place}).` });
  });

  test('a body that is packed', async () => {
    const response = await post(gzipSync(body({})), { ...JSON_TYPE, 'content-encoding': 'gzip' });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        error: { code: 'unsupported_content_encoding', message: expect.stringContaining('content-encoding') as string },
      },
    ]);
  });

  test('a URL that cannot be read, in OpenAI’s shape all the same', async () => {
    const response = await fetch(`${gateway.url}/v1/%zz`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { type: 'invalid_request_error', code: 'invalid_url', param: null } },
    ]);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });

  test('headers that are too long', async () => {
    const { port } = new URL(gateway.url);
    const answer = await drip(
      Number(port),
      `GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
    expect(answer).toContain('longer than 16 KiB');
  });

  test.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/models', 'GET'],
  ])('%s %s, and says how it is asked', async (method, path, allowed) => {
    const response = await fetch(gateway.url + path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
    expect(await response.json()).toMatchObject({
      error: { code: 'method_not_allowed', message: `${path} is asked with ${allowed}, and not with ${method}.` },
    });
  });

  test.each([
    ['/chat/completions', /Did you mean \/v1\/chat\/completions\?/],
    ['/v1/v1/chat/completions', /Did you mean \/v1\/chat\/completions\?/],
    ['/v1/chat/completions/', /Did you mean \/v1\/chat\/completions\?/],
    ['/v1/responses', /POST \/v1\/chat\/completions and \/v1\/embeddings are served/],
    ['/v1/batches', /ENABLE_WORKER_POOL=true/],
    ['/v1/chat/completions?batch=true', /ENABLE_WORKER_POOL=true/],
  ])('%s, and says what is served', async (path, hint) => {
    const response = await fetch(gateway.url + path, { method: 'POST', headers: JSON_TYPE, body: body({}) });
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { code: 'unknown_url', message: expect.stringMatching(hint) as string } },
    ]);
  });

  test('a word of a header that could be anything', async () => {
    const response = await post(body({}), { ...JSON_TYPE, 'x-gantry-task': 'a b' });
    expect(response.status).toBe(400);
  });

  test('a body that is no JSON does not come back in the message', async () => {
    expect(await (await post('{"messages": secret-word}')).text()).not.toContain('secret');
  });

  test('fifty megabytes, and says so before all of them came', async () => {
    const response = await post(Buffer.alloc(50 * 1024 * 1024, 'x')).catch((error: unknown) => error);
    if (response instanceof Response) {
      expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'request_too_large' } }]);
    }
    const send = `head -c 52428800 /dev/zero | curl -s -X POST -H 'content-type: application/json' --data-binary @- '${gateway.url}/v1/chat/completions'`;
    // A client that is still sending when the connection ends may not come to read why.
    const answer = await waitUntil(async () => (await promisify(execFile)('sh', ['-c', `${send} || true`])).stdout);
    expect(JSON.parse(answer)).toMatchObject({ error: { code: 'request_too_large' } });
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  test('headers that come too slowly', async () => {
    const { port } = new URL(gateway.url);
    const answer = await drip(Number(port), 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"type":"invalid_request_error"');
  });

  test('something that is no HTTP', async () => {
    const { port } = new URL(gateway.url);
    expect(await drip(Number(port), 'MAKE ME A SANDWICH\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  test.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['POST', '/v1/chat/completions?batch=true'],
    ['POST', '/v1/chat/completions/batch'],
    ['GET', '/v1/tasks/task_1'],
    ['POST', '/v1/files'],
    ['POST', '/v1/batches'],
    ['DELETE', '/v1/models/small'],
  ])('%s %s, which nobody serves', async (method, path) => {
    const response = await fetch(gateway.url + path, {
      method,
      ...(method === 'POST' && { headers: JSON_TYPE, body: body({}) }),
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', code: 'unknown_url' } });
  });
});

test('a deep and a wide body are taken as they are', async () => {
  const gateway = await startGateway();
  try {
    gateway.upstreams['first']!.reply(openAiWhole('Four.'));
    const deep = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`field${at}`, at]));
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      ...{ method: 'POST', headers: JSON_TYPE },
      body: `{"model":"first/small","messages":${JSON.stringify(MESSAGES)},"deep":${deep},"wide":${JSON.stringify(wide)}}`,
    });
    expect(response.status).toBe(200);
    expect(gateway.upstreams['first']!.requests[0]?.body).toMatchObject({ model: 'small', wide });
  } finally {
    await gateway.close();
  }
});

function body(change: object): string {
  return JSON.stringify({ model: 'small', messages: MESSAGES, ...change });
}

/** What comes back for a request that is never finished. */
function drip(port: number, beginning: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(beginning));
    socket
      .on('data', (chunk) => (answer += String(chunk)))
      .once('close', () => resolve(answer))
      .once('error', reject);
  });
}
