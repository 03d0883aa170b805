import { randomUUID } from 'node:crypto';
import { toFile } from 'openai';
import { taskWorkflowId } from '../../../contracts/tasks/names';
import { startTaskUpstream, USAGE, type TaskUpstream } from '../../support/task-upstream';
import { batchOf, requestOf, TaskSystem } from '../../support/task-system';
import { waitUntil } from '../../support/wait-until';

let upstream: TaskUpstream;
let system: TaskSystem;
beforeAll(async () => {
  upstream = await startTaskUpstream(20);
  system = await TaskSystem.start(upstream.url);
  await system.startWorker('one');
});
afterAll(async () => {
  await system.stop();
  await upstream.close();
});
beforeEach(() => {
  upstream.latencyMs = 20;
  delete upstream.failing;
});

type Json = Record<string, unknown> & { error: { code: string; message: string }; id: string; status: string };
const json = async (response: Response | Promise<Response>): Promise<Json> => (await (await response).json()) as Json;
const jsonl = (lines: readonly unknown[]): string => lines.map((line) => JSON.stringify(line)).join('\n');
const linesOf = async (response: Response): Promise<Json[]> =>
  (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

const untilResult = (id: string, who: 'ann' | 'eve' | 'zoe' = 'ann'): Promise<Response> =>
  waitUntil(async () => {
    const response = await system.fetch(`/v1/tasks/${id}/result`, { who });
    return response.status === 202 ? undefined : response;
  }) as Promise<Response>;

describe('a completion as a task', () => {
  it('is accepted at once, tells how it stands, and gives the completion that a direct call would', async () => {
    const name = randomUUID();
    const accepted = await system.post('/v1/chat/completions?batch=true', requestOf(name));
    expect(accepted.status).toBe(202);
    const task = await json(accepted);
    expect(task).toMatchObject({
      object: 'task',
      request_counts: { total: 1 },
      urls: { status: `/v1/tasks/${task.id}/status`, result: `/v1/tasks/${task.id}/result` },
    });
    const result = await untilResult(task.id);
    expect(result.status).toBe(200);
    expect(await json(result)).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: `answer to ${name}` } }],
    });
    expect(await json(system.fetch(`/v1/tasks/${task.id}/status`))).toMatchObject({
      status: 'completed',
      request_counts: { total: 1, completed: 1, failed: 0 },
      cost_usd: 0.000015,
      unconfirmed_cost_usd: 0,
    });
  });

  it('that the provider refuses has failed: its result is a 409 with the reason', async () => {
    upstream.failing = () => 400;
    const { id } = await json(system.post('/v1/chat/completions?batch=true', requestOf(randomUUID())));
    const result = await untilResult(id);
    expect(result.status).toBe(409);
    const body = await json(result);
    const own = { code: 'too_hot', param: 'temperature', message: 'told to answer 400' };
    expect(body).toMatchObject({ status: 'failed', error: own });
  });

  it('that no budget pays for says which, in words for who waits, and nobody is asked', async () => {
    const name = randomUUID();
    const response = await system.post('/v1/chat/completions', requestOf(name), { 'idempotency-key': name }, 'zoe');
    expect([response.status, await json(response)]).toMatchObject([402, { error: { code: 'budget_exceeded' } }]);
    const { id } = await json(system.post('/v1/chat/completions?batch=true', requestOf(name), {}, 'zoe'));
    const { error } = await json(untilResult(id, 'zoe'));
    expect(error.message).toMatch(/^The team poor may spend .* in all/);
    expect(error.message).not.toMatch(/\b(run|stage)\b/);
    expect(upstream.timesAsked(name)).toBe(0);
  });

  it('is tried again when the provider stumbles, and billed for what was answered', async () => {
    const name = randomUUID();
    upstream.failing = (_, times) => (times === 1 ? 500 : undefined);
    const { id } = await json(system.post('/v1/chat/completions?batch=true', requestOf(name)));
    expect((await untilResult(id)).status).toBe(200);
    expect(upstream.timesAsked(name)).toBe(2);
  });

  it('that nobody knows, or another team ordered, is a 404', async () => {
    const { id } = await json(system.post('/v1/chat/completions?batch=true', requestOf(randomUUID())));
    const others = await system.fetch(`/v1/tasks/${id}`, { who: 'bob' });
    const unknown = await system.fetch('/v1/tasks/task_0123456789');
    expect([others.status, unknown.status]).toEqual([404, 404]);
    expect((await json(others)).error.code).toBe('task_not_found');
  });
});

describe('what cannot be a task', () => {
  it.each(['1', 'yes', 'true&batch=true', ''])(
    '?batch=%s is refused, and no answer made in its place',
    async (word) => {
      const name = randomUUID();
      const response = await system.post(`/v1/chat/completions?batch=${word}`, requestOf(name));
      expect([response.status, await json(response)]).toMatchObject([400, { error: { param: 'batch' } }]);
      expect(upstream.timesAsked(name)).toBe(0);
    },
  );

  it('is no batch either', async () => {
    const { id } = await json(system.post('/v1/chat/completions?batch=true', requestOf(randomUUID())));
    expect((await system.fetch(`/v1/batches/${id}`)).status).toBe(404);
    expect((await system.post(`/v1/batches/${id}/cancel`, {})).status).toBe(404);
  });
});

describe('the audit', () => {
  it('tells who had tasks, batches and files made or ended, and nothing of what they hold', async () => {
    const name = randomUUID();
    const headers = { 'x-client-request-id': 'mine-7' };
    const { id } = await json(system.post('/v1/chat/completions/batch', { requests: batchOf(1) }, headers, 'eve'));
    await untilResult(id, 'eve');
    await system.post(`/v1/tasks/${id}/cancel`, {}, {}, 'eve');
    const one = await json(system.post('/v1/chat/completions?batch=true', requestOf(name), {}, 'eve'));
    await system.post('/v1/batches', { input_file_id: 'file-none', endpoint: '/v1/chat/completions' }, {}, 'eve');
    const eves = (line: object): boolean => 'key' in line && line.key === 'eve';
    await waitUntil(() => system.audited.filter(eves).some((line) => JSON.stringify(line).includes('/v1/batches')));
    const lines = system.audited.filter(eves);
    expect(lines.slice(-4)).toMatchObject([
      { operation: 'POST /v1/chat/completions/batch', durable: id, team: 'green', status: 202, clientId: 'mine-7' },
      { operation: 'POST /v1/tasks/:id/cancel', status: 409 },
      { operation: 'chat', durable: one.id, status: 202 },
      { operation: 'POST /v1/batches', status: 404 },
    ]);
    expect(JSON.stringify(lines)).not.toContain(name);
  });
});

describe('a form that is no file', () => {
  const BOUNDARY = 'multipart/form-data; boundary=b';
  const two = new FormData();
  for (const name of ['a', 'b']) two.append('file', new Blob(['x']), name);
  const wide = new FormData();
  for (let field = 0; field < 50; field += 1) wide.append(`field-${field}`, 'x');

  it.each([
    ['of two files', two, undefined, /one `file`/],
    ['of far too many fields', wide, undefined, /more than 10 fields/],
    ['without a boundary', 'x', 'multipart/form-data', /Boundary not found/],
    [
      'that is cut off',
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhel',
      BOUNDARY,
      /whole/,
    ],
    ['that is none', 'hello', BOUNDARY, /whole/],
  ])('%s is refused, and says why', async (_, body, type, message) => {
    const response = await system.fetch('/v1/files', {
      ...{ method: 'POST', body },
      ...(type !== undefined && { headers: { 'content-type': type } }),
    });
    expect(response.status).toBe(400);
    expect((await json(response)).error.message).toMatch(message);
  });
});

describe('the same Idempotency-Key', () => {
  it('is the same task, however often it is sent at once, and the model is asked once', async () => {
    const name = randomUUID();
    const headers = { 'idempotency-key': randomUUID() };
    const sent = Array.from({ length: 5 }, () =>
      system.post('/v1/chat/completions?batch=true', requestOf(name), headers),
    );
    const ids = (await Promise.all(sent.map(json))).map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    await untilResult(ids[0]!);
    const again = await json(system.post('/v1/chat/completions?batch=true', requestOf(name), headers));
    expect(again.id).toBe(ids[0]);
    expect(upstream.timesAsked(name)).toBe(1);
  });

  it('makes a plain completion durable: the same body has the same answer, another body is refused', async () => {
    const name = randomUUID();
    const headers = { 'idempotency-key': randomUUID() };
    const [first, second] = await Promise.all(
      [1, 2].map(() => system.post('/v1/chat/completions', requestOf(name), headers)),
    );
    expect([first!.status, second!.status]).toEqual([200, 200]);
    expect(await json(first!)).toEqual(await json(second!));
    expect(upstream.timesAsked(name)).toBe(1);
    const other = await system.post('/v1/chat/completions', requestOf('something else'), headers);
    expect(other.status).toBe(409);
    expect((await json(other)).error.code).toBe('idempotency_key_reused');
    // Of somebody else it is another key.
    expect((await system.post('/v1/chat/completions', requestOf(name), headers, 'bob')).status).toBe(200);
    expect(upstream.timesAsked(name)).toBe(2);
  });
});

describe('many completions in one request', () => {
  it('come back as lines, each under its custom_id, errors in OpenAI’s shape', async () => {
    const requests = batchOf(12);
    upstream.failing = (name) => (name === 'item-00003' ? 400 : undefined);
    const { id } = await json(system.post('/v1/chat/completions/batch', { requests }));
    const lines = await linesOf(await untilResult(id));
    expect(lines).toHaveLength(12);
    const byId = new Map(lines.map((line) => [line['custom_id'], line]));
    expect(byId.get('item-00007')).toMatchObject({
      response: { status_code: 200, body: { choices: [{ message: { content: 'answer to item-00007' } }] } },
      error: null,
    });
    expect(byId.get('item-00003')).toMatchObject({
      response: { status_code: 400, body: { error: { type: 'invalid_request_error' } } },
    });
    const task = await json(system.fetch(`/v1/tasks/${id}`));
    expect(task).toMatchObject({ status: 'completed', request_counts: { total: 12, completed: 11, failed: 1 } });
  });

  it('may come as JSONL', async () => {
    const { id } = await json(
      system.fetch('/v1/chat/completions/batch', {
        method: 'POST',
        headers: { 'content-type': 'application/jsonl' },
        body: jsonl([
          { custom_id: 'a', body: requestOf('a') },
          { custom_id: 'b', body: requestOf('b') },
        ]),
      }),
    );
    expect((await linesOf(await untilResult(id))).map((line) => line['custom_id'])).toEqual(['a', 'b']);
  });

  it.each([
    [
      'twins',
      [
        { custom_id: 'a', body: requestOf('a') },
        { custom_id: 'a', body: requestOf('b') },
      ],
      /Line 2: .*"a".*Line 1/,
    ],
    ['no custom_id', [{ body: requestOf('a') }], /Line 1: custom_id/],
    ['a stream', [{ custom_id: 'a', body: { ...requestOf('a'), stream: true } }], /Line 1: .*stream/],
    ['no messages', [{ custom_id: 'a', body: { model: 'small' } }], /Line 1: .*messages/],
    ['another door', [{ custom_id: 'a', url: '/v1/embeddings', body: requestOf('a') }], /Line 1: url/],
    ['nothing', [], /no request/],
  ])('with %s are refused as a whole, with the place', async (_, lines, message) => {
    const response = await system.fetch('/v1/chat/completions/batch', {
      method: 'POST',
      headers: { 'content-type': 'application/jsonl' },
      body: jsonl(lines),
    });
    expect(response.status).toBe(400);
    expect((await json(response)).error.message).toMatch(message);
  });

  it.each([
    ['that their key may not use', 'eve', 'large', 403, 'model_not_allowed'],
    ['that nobody lists', 'ann', 'nobody', 404, 'model_not_found'],
    ['that nobody lists, though their key may use its provider', 'eve', 'its-provider/nobody', 404, 'model_not_found'],
  ] as const)('with a model %s are refused as a whole, and nobody is asked', async (_, who, model, status, code) => {
    const [name, other] = [randomUUID(), randomUUID()];
    const requests = [
      { custom_id: 'a', body: requestOf(name) },
      { custom_id: 'b', body: { ...requestOf(other), model: model.replace('its-provider', system.provider) } },
    ];
    const response = await system.post('/v1/chat/completions/batch', { requests }, {}, who);
    expect([response.status, await json(response)]).toMatchObject([status, { error: { code, param: 'model' } }]);
    expect([upstream.timesAsked(name), upstream.timesAsked(other)]).toEqual([0, 0]);
  });
});

describe('OpenAI’s own client', () => {
  it('uploads a file, makes a batch of it, waits, and reads its output and errors', async () => {
    const openai = system.openai();
    upstream.failing = (name) => (name === 'item-00001' ? 400 : undefined);
    const content = jsonl(batchOf(5));
    const file = await openai.files.create({ file: await toFile(Buffer.from(content), 'in.jsonl'), purpose: 'batch' });
    expect(file).toMatchObject({ object: 'file', filename: 'in.jsonl', bytes: Buffer.byteLength(content) });
    expect(await (await openai.files.content(file.id)).text()).toBe(content);
    const batch = await openai.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { of: 'a test' },
    });
    expect(batch).toMatchObject({ object: 'batch', input_file_id: file.id, metadata: { of: 'a test' } });
    const done = await waitUntil(async () => {
      const now = await openai.batches.retrieve(batch.id);
      return now.status === 'completed' && now;
    });
    if (!done) throw new Error('not reached');
    expect(done.request_counts).toEqual({ total: 5, completed: 4, failed: 1 });
    expect(done.usage?.total_tokens).toBe(4 * USAGE.total_tokens);
    const output = (await (await openai.files.content(done.output_file_id!)).text()).trim().split('\n');
    const errors = (await (await openai.files.content(done.error_file_id!)).text()).trim().split('\n');
    expect(output.map((line) => (JSON.parse(line) as Json)['custom_id'])).toEqual([
      'item-00000',
      'item-00002',
      'item-00003',
      'item-00004',
    ]);
    expect(JSON.parse(errors[0]!)).toMatchObject({ custom_id: 'item-00001', response: { status_code: 400 } });
  });

  it('turns the pages of batches and files of its own team, and deletes a file', async () => {
    const openai = system.openai();
    const files = [];
    for (let number = 0; number < 3; number += 1) {
      files.push(
        await openai.files.create({
          file: await toFile(Buffer.from(jsonl(batchOf(1))), `${number}`),
          purpose: 'batch',
        }),
      );
    }
    const made: { readonly id: string }[] = [];
    for (const { id } of files) {
      made.push(
        await openai.batches.create({ input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' }),
      );
    }
    const listed = await waitUntil(async () => {
      const ids: string[] = [];
      for await (const { id } of openai.batches.list({ limit: 2 })) ids.push(id);
      return made.every(({ id }) => ids.includes(id)) && ids;
    });
    expect(new Set(listed || []).size).toBe((listed || []).length);
    const first = await openai.batches.list({ limit: 2 });
    expect(first.data).toHaveLength(2);
    expect(first.has_more).toBe(true);
    const others = await system.openai('bob').batches.list();
    expect(others.data).toEqual([]);
    expect((await system.openai('bob').files.list()).data).toEqual([]);
    await expect(system.openai('bob').files.retrieve(files[0]!.id)).rejects.toMatchObject({ status: 404 });
    expect(await openai.files.delete(files[0]!.id)).toMatchObject({ deleted: true });
    await expect(openai.files.retrieve(files[0]!.id)).rejects.toMatchObject({ status: 404, code: 'file_not_found' });
  });

  it('is told which line of its file is wrong, and that a file has another purpose', async () => {
    const openai = system.openai();
    const twins = jsonl([...batchOf(2), ...batchOf(1)]);
    const file = await openai.files.create({ file: await toFile(Buffer.from(twins), 'in.jsonl'), purpose: 'batch' });
    const create = openai.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    await expect(create).rejects.toMatchObject({ status: 400, code: 'duplicate_custom_id' });
    await expect(create).rejects.toThrow(/Line 3/);
    const other = openai.files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose: 'assistants' });
    await expect(other).rejects.toThrow(/purpose must be "batch"/);
  });

  it('cancels a batch and gets what was answered', async () => {
    const openai = system.openai();
    upstream.latencyMs = 300;
    const file = await openai.files.create({
      file: await toFile(Buffer.from(jsonl(batchOf(60))), 'in'),
      purpose: 'batch',
    });
    const { id } = await openai.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    await waitUntil(async () => ((await openai.batches.retrieve(id)).request_counts?.completed ?? 0) >= 10);
    expect(['cancelling', 'cancelled']).toContain((await openai.batches.cancel(id)).status);
    const done = await waitUntil(async () => {
      const now = await openai.batches.retrieve(id);
      return now.status === 'cancelled' && now;
    });
    if (!done) throw new Error('not reached');
    const { completed, total } = done.request_counts!;
    expect(completed).toBeGreaterThanOrEqual(10);
    expect(completed).toBeLessThan(total);
    const output = (await (await openai.files.content(done.output_file_id!)).text()).trim().split('\n');
    expect(output).toHaveLength(completed);
    const errors = (await (await openai.files.content(done.error_file_id!)).text()).trim().split('\n');
    expect(errors).toHaveLength(total - completed);
    expect(JSON.parse(errors.at(-1)!)).toMatchObject({ response: null, error: { code: 'batch_cancelled' } });
    await expect(openai.batches.cancel(id)).rejects.toMatchObject({ status: 409 });
  });
});

describe('a task whose time is over', () => {
  it('has expired: 410, and what was answered is in its file', async () => {
    upstream.latencyMs = 400;
    const { id } = await json(system.post('/v1/chat/completions/batch?expires_in=2', { requests: batchOf(100) }));
    const result = await untilResult(id);
    expect(result.status).toBe(410);
    const body = await json(result);
    expect(body).toMatchObject({ status: 'expired', error: { code: 'task_expired' } });
    const output = await system.fetch(`/v1/files/${String(body['output_file_id'])}/content`);
    const { completed } = body['request_counts'] as { completed: number };
    expect(completed).toBeGreaterThan(0);
    expect(await linesOf(output)).toHaveLength(completed);
  });
});

describe('a task with a long history', () => {
  it('continues as new, again and again, and asks for each completion once', async () => {
    const task = { team: 'red', id: `task_${randomUUID().replaceAll('-', '')}` };
    const prefix = task.id.slice(-6);
    const requests = Array.from({ length: 120 }, (_, index) => {
      const name = `${prefix}-${index}`;
      return { custom_id: name, body: requestOf(name), route: { model: 'small', inputTokens: 5, maxOutputTokens: 5 } };
    });
    const about = { total: requests.length, digest: 'digest' };
    await system.ports.store.keep(task, asStream(requests), () => about);
    const expiresAt = Date.now() + 3_600_000;
    const input = {
      ...{ task, total: requests.length, portion: 2, parallel: 10, expiresAt, timeoutMs: 10_000, files: true },
      ...{ request: {}, scope: { team: 'red' }, limits: { historyEvents: 80 } },
    };
    const { kind, createdAt, by } = { kind: 'many' as const, createdAt: Date.now(), by: 'ann' };
    await system.ports.door.start(input, { kind, createdAt, expiresAt, by, ...about });
    const first = await system.client.workflow.getHandle(taskWorkflowId(task)).describe();
    const lines = await linesOf(await untilResult(task.id));
    expect(lines.map((line) => line['custom_id'])).toEqual(requests.map(({ custom_id }) => custom_id));
    const last = await system.client.workflow.getHandle(taskWorkflowId(task)).describe();
    expect(last.runId).not.toBe(first.runId);
    expect(last.historyLength).toBeLessThan(250);
    expect(upstream.calls.filter(({ name }) => name.startsWith(prefix))).toHaveLength(requests.length);
    const shown = await json(system.fetch(`/v1/tasks/${task.id}`));
    expect(shown).toMatchObject({ status: 'completed', request_counts: { total: 120, completed: 120, failed: 0 } });
    expect(shown['cost_usd']).toBeCloseTo(120 * 0.000015, 9);
  });
});

async function* asStream<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}
