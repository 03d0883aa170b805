import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type RunningServer } from '../../../client/server/start-server';
import type { TaskView } from '../../../contracts/tasks/view';
import { startTaskUpstream, type TaskUpstream, type UpstreamCall } from '../../support/task-upstream';
import { batchOf, TaskSystem } from '../../support/task-system';
import { waitUntil } from '../../support/wait-until';

/** With prices of a dollar for a million tokens. */
const COST_NANO = 15_000;

interface Shown {
  readonly id: string;
  readonly status: TaskView['status'];
  readonly request_counts: TaskView['counts'];
  readonly cost_usd: number;
  readonly unconfirmed_cost_usd: number;
}

async function submit(system: TaskSystem, count: number): Promise<Shown> {
  const response = await system.post('/v1/chat/completions/batch', { requests: batchOf(count) });
  return (await response.json()) as Shown;
}

async function look(system: TaskSystem, id: string): Promise<Shown> {
  return (await (await system.fetch(`/v1/tasks/${id}`)).json()) as Shown;
}

function untilEnded(system: TaskSystem, id: string, timeoutMs = 90_000): Promise<Shown> {
  return waitUntil(
    async () => {
      const shown = await look(system, id);
      return shown.status === 'completed' || shown.status === 'failed' ? shown : undefined;
    },
    { timeoutMs, everyMs: 200 },
  ) as Promise<Shown>;
}

/** Requests that were asked for again although their first answer had come through and been written down. */
function askedAgainWhenDone(upstream: TaskUpstream, inFlight: readonly UpstreamCall[]): string[] {
  const byName = new Map<string, UpstreamCall[]>();
  for (const call of upstream.calls) byName.set(call.name, [...(byName.get(call.name) ?? []), call]);
  return [...byName].flatMap(([name, [first, ...more]]) => {
    const overlaps = more.every((one) => one.startedAt <= (first?.answeredAt ?? Infinity));
    const wasInFlight = inFlight.some((one) => one.name === name);
    return more.length === 0 || wasInFlight || overlaps ? [] : [name];
  });
}

/** How long an answer may take from the wire to the disk of a busy worker. */
const WRITING_MS = 100;

/** Kill a worker. @returns The calls that it was in: without an answer, or with one that it may not have written down. */
async function killIn(system: TaskSystem, upstream: TaskUpstream, name: string): Promise<readonly UpstreamCall[]> {
  const at = Date.now();
  await system.kill(name);
  await waitUntil(() => upstream.inFlight(name).length === 0);
  return upstream.calls.filter(
    ({ key, aborted, answeredAt = 0 }) => key === name && (aborted === true || answeredAt > at - WRITING_MS),
  );
}

const answered = (upstream: TaskUpstream) => upstream.calls.filter((call) => call.answeredAt !== undefined).length;

describe('a batch of a thousand lines', () => {
  let directory: string;
  let server: RunningServer;
  let upstream: TaskUpstream;
  let system: TaskSystem;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-tasks-'));
    server = await startServer({
      ...{ executable: process.env['GANTRY_TEMPORAL_CLI']!, logFile: join(directory, 'server.log') },
      ...{ dbFile: join(directory, 'temporal.db'), uiPort: false },
    });
    upstream = await startTaskUpstream(100);
    system = await TaskSystem.start(upstream.url, { address: server.address });
    await Promise.all([system.startWorker('first'), system.startWorker('second')]);
  });
  afterAll(async () => {
    await system.stop();
    await upstream.close();
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  it('outlives a worker and the server: none that was answered is asked for again, and each is booked once', async () => {
    const { id } = await submit(system, 1_000);
    await waitUntil(() => answered(upstream) >= 250);
    const lost = await killIn(system, upstream, 'second');
    await waitUntil(() => answered(upstream) >= 500);
    await server.kill();
    server = await server.again();

    const ended = await untilEnded(system, id);
    expect(ended).toMatchObject({ status: 'completed', request_counts: { total: 1_000, completed: 1_000, failed: 0 } });
    const names = new Set(upstream.calls.map(({ name }) => name));
    expect(names.size).toBe(1_000);
    expect(askedAgainWhenDone(upstream, lost)).toEqual([]);

    const confirmed = Math.round((ended.cost_usd - ended.unconfirmed_cost_usd) * 1e9);
    expect(confirmed).toBe(1_000 * COST_NANO);
    // Those in flight may be billed: each counts at its estimate, beside its second call.
    expect(lost.length).toBeGreaterThan(0);
    expect(ended.unconfirmed_cost_usd).toBeGreaterThan(0);
    const booked = await waitUntil(async () => {
      const window = await system.booked();
      return window.heldNano === 0 && window;
    });
    expect(booked && booked.settledNano).toBe(Math.round(ended.cost_usd * 1e9));
  }, 120_000);
});
