import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { freePort } from '../../../client/server/start-server';
import { createBreakers } from '../../../workers/doors/breakers';
import { startTaskUpstream, type TaskUpstream } from '../../support/task-upstream';
import { batchOf, requestOf, TaskSystem } from '../../support/task-system';
import { waitUntil } from '../../support/wait-until';

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly request_counts: { readonly completed: number };
}

let upstream: TaskUpstream;
let system: TaskSystem;
afterEach(async () => {
  await system.stop();
  await upstream.close();
});

async function submit(count: number): Promise<Shown> {
  const response = await system.post('/v1/chat/completions/batch', { requests: batchOf(count) });
  return (await response.json()) as Shown;
}

function untilCompleted(id: string, timeoutMs = 60_000): Promise<unknown> {
  return waitUntil(
    async () => ((await (await system.fetch(`/v1/tasks/${id}`)).json()) as Shown).status === 'completed',
    { timeoutMs, everyMs: 100 },
  );
}

/** How many calls each worker made. */
function spread(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { key } of upstream.calls) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

describe('workers of one pool', () => {
  it('share a thousand requests, each within a fifth of the mean', async () => {
    upstream = await startTaskUpstream(150);
    // One request for each piece of work, all of them waiting in the queue.
    system = await TaskSystem.start(upstream.url, { limits: { parallel: 250 } });
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all([
      system.startWorker('runs', { roles: ['runs'] }),
      ...names.map((name) => system.startWorker(name, { roles: ['models'] })),
    ]);
    const { id } = await submit(1_000);
    await untilCompleted(id);
    const counts = spread();
    expect(Object.keys(counts).sort()).toEqual(names);
    for (const count of Object.values(counts)) {
      expect(count).toBeGreaterThanOrEqual(200);
      expect(count).toBeLessThanOrEqual(300);
    }
    expect(upstream.calls).toHaveLength(1_000);
  }, 90_000);

  it('take over from one that is killed', async () => {
    upstream = await startTaskUpstream(400);
    system = await TaskSystem.start(upstream.url);
    await Promise.all([
      system.startWorker('runs', { roles: ['runs'] }),
      system.startWorker('killed', { roles: ['models'] }),
      system.startWorker('other', { roles: ['models'] }),
    ]);
    const { id } = await submit(60);
    await waitUntil(() => upstream.inFlight('killed').length >= 5);
    const inFlight = upstream.inFlight('killed').map(({ name }) => name);
    await system.kill('killed');
    await untilCompleted(id);
    const asked = new Map(upstream.calls.filter(({ key }) => key === 'other').map((call) => [call.name, call]));
    for (const name of inFlight) expect(asked.has(name)).toBe(true);
  });
});

describe('a single completion', () => {
  it('is asked for again by another worker when its own is killed, and its client gets that answer', async () => {
    upstream = await startTaskUpstream(100);
    system = await TaskSystem.start(upstream.url);
    await Promise.all([
      system.startWorker('runs', { roles: ['runs'] }),
      system.startWorker('killed', { roles: ['models'] }),
    ]);
    const first = randomUUID();
    const asked = (name: string): Promise<Response> =>
      system.post('/v1/chat/completions', requestOf(name), { 'idempotency-key': name });
    expect((await asked(first)).status).toBe(200);

    upstream.latencyMs = 60_000;
    const second = randomUUID();
    const answer = asked(second);
    await waitUntil(() => upstream.inFlight('killed').length === 1);
    upstream.latencyMs = 100;
    await Promise.all([system.kill('killed'), system.startWorker('other', { roles: ['models'] })]);
    expect((await answer).status).toBe(200);
    expect(upstream.calls.filter(({ name }) => name === second).map(({ key }) => key)).toEqual(['killed', 'other']);
    expect(upstream.timesAsked(first)).toBe(1);
  });

  it('is booked at what it cost when its worker ends in good order', async () => {
    upstream = await startTaskUpstream(50);
    system = await TaskSystem.start(upstream.url);
    const worker = await system.startWorker('models', { roles: ['models'] });
    await system.startWorker('runs', { roles: ['runs'] });
    const names = [1, 2, 3].map(() => randomUUID());
    await Promise.all(
      names.map((name) => system.post('/v1/chat/completions', requestOf(name), { 'idempotency-key': name })),
    );
    expect((await system.booked()).heldNano).toBeGreaterThan(0);
    worker.kill('SIGTERM');
    const booked = await waitUntil(async () => {
      const window = await system.booked();
      return window.heldNano === 0 ? window : undefined;
    });
    expect(booked?.settledNano).toBe(3 * 15_000);
  });
});

describe('a worker that reaches no provider', () => {
  it('takes nothing until it does, while others work, and closes the provider to nobody', async () => {
    upstream = await startTaskUpstream(100);
    system = await TaskSystem.start(upstream.url);
    const port = await freePort();
    const cutOff = { roles: ['models'] as const, upstreamUrl: `http://127.0.0.1:${port}` };
    await Promise.all([system.startWorker('runs', { roles: ['runs'] }), system.startWorker('cut-off', cutOff)]);
    const { id } = await submit(40);
    await waitUntil(() => system.said('cut-off').includes('no provider is reached from here'));
    await system.startWorker('well', { roles: ['models'] });
    await untilCompleted(id);
    expect(spread()).toEqual({ well: 40 });
    const breakers = createBreakers({
      ...{ connection: system.connection, namespace: 'default', taskQueue: system.taskQueue },
      log: pino({ level: 'error' }),
    });
    expect(await breakers.standing(system.provider)).toEqual({ state: 'closed', generation: 0 });

    const there = await startTaskUpstream(100, port);
    await waitUntil(() => system.said('cut-off').includes('a provider is reached again'));
    await submit(40);
    await waitUntil(() => there.calls.some(({ key }) => key === 'cut-off'));
    await there.close();
  });
});

describe('who takes calls', () => {
  it('is told by the gateway, worker by worker', async () => {
    upstream = await startTaskUpstream(10);
    system = await TaskSystem.start(upstream.url);
    const { pid } = await system.startWorker('one', { roles: ['models'] });
    const told = await waitUntil(async () => {
      const answer = await system.fetch('/v1/workers/health');
      const { data } = (await answer.json()) as { data: { id: string; last_seen_at: number }[] };
      return data.length > 0 ? data : undefined;
    });
    expect(told?.map(({ id }) => id.split('/').at(-1))).toEqual([String(pid)]);
    expect(told?.[0]?.last_seen_at).toBeGreaterThan(Date.now() / 1_000 - 60);
  });
});
