import { pino } from 'pino';
import { freePort } from '../../../client/server/start-server';
import { createBreakers } from '../../../workers/doors/breakers';
import { startTaskUpstream, type TaskUpstream } from '../../support/task-upstream';
import { batchOf, TaskSystem } from '../../support/task-system';
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
    expect(await breakers.standing('scripted')).toEqual({ state: 'closed', generation: 0 });

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
