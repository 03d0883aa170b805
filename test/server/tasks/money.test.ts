import { batchOf, TaskSystem } from '../../support/task-system';
import { startTaskUpstream, type TaskUpstream } from '../../support/task-upstream';
import { waitUntil } from '../../support/wait-until';

// What a batch costs is booked once, however it ends, and no batch goes over the budget of who ordered it.

/** With prices of a dollar for a million tokens. */
const COST_NANO = 15_000;

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly request_counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly cost_usd: number;
  readonly unconfirmed_cost_usd: number;
}

let upstream: TaskUpstream;
let system: TaskSystem;
beforeEach(async () => {
  upstream = await startTaskUpstream(50);
});
afterEach(async () => {
  await system.stop();
  await upstream.close();
});

async function submit(count: number, query = '', who: 'ann' | 'bob' = 'ann'): Promise<Shown> {
  const response = await system.post(`/v1/chat/completions/batch${query}`, { requests: batchOf(count) }, {}, who);
  return (await response.json()) as Shown;
}

function untilEnded(id: string, who: 'ann' | 'bob' = 'ann'): Promise<Shown> {
  return waitUntil(
    async () => {
      const shown = (await (await system.fetch(`/v1/tasks/${id}`, { who })).json()) as Shown;
      return ['completed', 'failed', 'expired', 'cancelled'].includes(shown.status) && shown;
    },
    { timeoutMs: 60_000, everyMs: 100 },
  ) as Promise<Shown>;
}

/** What the ledger has, once nothing is held any more. */
async function booked(): Promise<number> {
  const window = await waitUntil(async () => {
    const now = await system.booked();
    return now.heldNano === 0 && now;
  });
  return window === false ? NaN : window.settledNano;
}

describe('a batch of a team with a budget', () => {
  it('spends it to the last call that fits, and nothing beyond; another team goes on', async () => {
    const limitNano = 20 * COST_NANO;
    const budgets = { teams: { red: { limits: { total: limitNano }, projects: [], jobs: {} } } };
    system = await TaskSystem.start(upstream.url, { budgets });
    await Promise.all([system.startWorker('one'), system.startWorker('two')]);
    const ended = await untilEnded((await submit(60)).id);
    const { completed, failed } = ended.request_counts;
    expect(completed).toBeGreaterThan(0);
    expect(completed + failed).toBe(60);
    // One request for each that is paid for, and none for the others.
    expect(upstream.calls).toHaveLength(completed);
    const spent = await booked();
    expect(spent).toBe(completed * COST_NANO);
    expect(spent).toBeLessThanOrEqual(limitNano);
    const output = (await (await system.fetch(`/v1/tasks/${ended.id}/result`)).text()).trimEnd().split('\n');
    const refused = output.map((line) => JSON.parse(line) as { error?: unknown; response?: unknown });
    expect(JSON.stringify(refused)).toContain('The team red may spend');

    const other = await untilEnded((await submit(5, '', 'bob')).id, 'bob');
    expect(other.request_counts).toMatchObject({ completed: 5 });
    expect(await booked()).toBe((completed + 5) * COST_NANO);
  }, 120_000);

  it('that is waited for is looked at again long before its window is over, since somebody may give more', async () => {
    const budgets = {
      over: 'queue' as const,
      teams: { red: { limits: { month: 3 * COST_NANO }, projects: [], jobs: {} } },
    };
    system = await TaskSystem.start(upstream.url, { budgets });
    await system.startWorker('one');
    const { id } = await submit(10);
    const task = system.client.workflow.getHandle(`task/red/${id}`);
    const minutes = async (): Promise<readonly number[]> =>
      ((await task.fetchHistory()).events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
        timer ? [Number(timer.startToFireTimeout?.seconds) / 60] : [],
      );
    await waitUntil(async () => (await minutes()).some((one) => one > 10 && one <= 15), { timeoutMs: 30_000 });
  }, 90_000);
});

describe('a batch that ends before its end', () => {
  it.each([
    ['expired', '?expires_in=2'],
    ['cancelled', ''],
  ])(
    'is booked with what was answered, once: %s',
    async (status, query) => {
      system = await TaskSystem.start(upstream.url);
      upstream.latencyMs = 300;
      await system.startWorker('one');
      const { id } = await submit(200, query);
      await waitUntil(() => upstream.calls.filter(({ answeredAt }) => answeredAt !== undefined).length >= 10);
      if (status === 'cancelled') await system.post(`/v1/tasks/${id}/cancel`, {});
      const ended = await untilEnded(id);
      expect(ended.status).toBe(status);
      const { completed } = ended.request_counts;
      expect(completed).toBeGreaterThanOrEqual(10);
      expect(Math.round((ended.cost_usd - ended.unconfirmed_cost_usd) * 1e9)).toBe(completed * COST_NANO);
      expect(await booked()).toBe(Math.round(ended.cost_usd * 1e9));
      // Whoever looks again and again is billed no more.
      for (let looks = 0; looks < 5; looks += 1) await system.fetch(`/v1/tasks/${id}/result`);
      expect(await booked()).toBe(Math.round(ended.cost_usd * 1e9));
    },
    90_000,
  );
});
