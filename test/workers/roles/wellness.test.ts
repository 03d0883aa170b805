import type { ProviderReport } from '../../../contracts/breakers';
import { freePort } from '../../../client/server/start-server';
import { ModelSlots } from '../../../workers/roles/model-slots';
import { sparingBreakers, WorkerWellness } from '../../../workers/roles/wellness';
import { startTaskUpstream, type TaskUpstream } from '../../support/task-upstream';

const quiet = { info: () => undefined, warn: () => undefined };
const never = new AbortController().signal;

let upstream: TaskUpstream | undefined;
const started: WorkerWellness[] = [];
afterEach(async () => {
  for (const wellness of started.splice(0)) wellness.stop();
  await upstream?.close();
  upstream = undefined;
});

function wellnessOf(...addresses: readonly string[]): WorkerWellness {
  const wellness = new WorkerWellness({ addresses, log: quiet, everyMs: 20 });
  started.push(wellness);
  return wellness;
}

async function nobodyAt(): Promise<{ readonly address: string; readonly port: number }> {
  const port = await freePort();
  return { address: `http://127.0.0.1:${port}`, port };
}

describe('a worker', () => {
  it('is well until it looks, and while one of its providers is reached', async () => {
    upstream = await startTaskUpstream(0);
    const { address } = await nobodyAt();
    const wellness = wellnessOf(address, upstream.url);
    expect(wellness.isWell).toBe(true);
    expect(await wellness.lookAgain()).toBe(true);
  });

  it('without a provider is well: there is nothing to reach', async () => {
    expect(await wellnessOf().lookAgain()).toBe(true);
  });

  it('that reaches none is unwell until one is there again, and gives no slot meanwhile', async () => {
    const { address, port } = await nobodyAt();
    const wellness = wellnessOf(address);
    const slots = new ModelSlots(1, 1, wellness);
    expect(await wellness.lookAgain()).toBe(false);
    expect(slots.tryReserveSlot()).toBeNull();
    let given = false;
    const reserved = slots.reserveSlot(undefined, never).then(() => (given = true));
    expect(given).toBe(false);
    upstream = await startTaskUpstream(0, port);
    await reserved;
    expect(wellness.isWell).toBe(true);
  });
});

describe('slots', () => {
  it('are given so many at a time, to who waits longest first, and not to who gave up', async () => {
    const slots = new ModelSlots(2, 2, wellnessOf());
    const polled = await slots.reserveSlot(undefined, never);
    const taken = slots.tryReserveSlot();
    if (taken === null) throw new Error('the second slot is not given');
    expect(slots.tryReserveSlot()).toBeNull();
    const order: string[] = [];
    const leaving = new AbortController();
    const first = slots.reserveSlot(undefined, leaving.signal).then(() => order.push('gone'));
    const second = slots.reserveSlot(undefined, never).then(() => order.push('second'));
    const third = slots.reserveSlot(undefined, never).then(() => order.push('third'));
    leaving.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');
    slots.releaseSlot({ permit: taken });
    await second;
    slots.releaseSlot({ permit: polled });
    await third;
    expect(order).toEqual(['second', 'third']);
  });
});

describe('slots of polls', () => {
  it('are as many as there are polls, and the others are left to tasks that the worker takes itself', async () => {
    const slots = new ModelSlots(3, 1, wellnessOf());
    const permit = await slots.reserveSlot(undefined, never);
    let given = false;
    const next = slots.reserveSlot(undefined, never).then(() => (given = true));
    expect(slots.tryReserveSlot()).not.toBeNull();
    await new Promise(setImmediate);
    expect(given).toBe(false);
    slots.markSlotUsed({ permit, slotInfo: { type: 'activity', activityType: 'completeChats' } });
    await next;
    expect(slots.tryReserveSlot()).toBeNull();
    // One that found nothing and one that was used free a slot each.
    slots.releaseSlot({ permit });
    expect(slots.tryReserveSlot()).not.toBeNull();
  });
});

describe('breakers', () => {
  const failure = (type: 'Provider.Network' | 'Provider.Overloaded'): ProviderReport => ({
    ...{ id: type, at: 1, outcome: { failure: 'transient', type, message: 'away' } },
  });

  async function toldBy(address: string): Promise<string[]> {
    const told: string[] = [];
    const breakers = sparingBreakers(
      {
        standing: () => Promise.resolve({ state: 'closed', generation: 0 }),
        report: async (_, { id, outcome }) => void told.push(outcome === 'abandoned' ? outcome : id),
        takeProbe: () => Promise.resolve(false),
      },
      wellnessOf(address),
    );
    await breakers.report('a', failure('Provider.Network'));
    await breakers.report('a', failure('Provider.Overloaded'));
    await breakers.report('a', { id: 'success', at: 1, outcome: 'success' });
    return told;
  }

  it('hear of everything from a worker that reaches a provider', async () => {
    upstream = await startTaskUpstream(0);
    expect(await toldBy(upstream.url)).toEqual(['Provider.Network', 'Provider.Overloaded', 'success']);
  });

  it('hear of no network from a worker that reaches none, and get a probe back that it made', async () => {
    expect(await toldBy((await nobodyAt()).address)).toEqual(['abandoned', 'Provider.Overloaded', 'success']);
  });
});
