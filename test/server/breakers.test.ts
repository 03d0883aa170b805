import { randomUUID } from 'node:crypto';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import {
  PROVIDER_BREAKER,
  STANDING_MEMO,
  breakerQuery,
  breakerWorkflowId,
  isolateUpdate,
  reportSignal,
  resetUpdate,
  takeProbeUpdate,
  type BreakerInput,
  type BreakerLimits,
  type ProviderFailure,
  type ProviderReport,
  type Standing,
} from '../../contracts/breakers';
import { createBreakers, type Breakers } from '../../workers/doors/breakers';
import { EntityWorker } from '../support/entity-worker';
import { patientQuery } from '../support/patient-query';
import { waitUntil } from '../support/wait-until';

const DAY = 86_400_000;
const blip: ProviderFailure = { failure: 'transient', type: 'Provider.Overloaded', message: 'busy' };
const limit: ProviderFailure = { failure: 'limit', type: 'Provider.Quota', message: 'usage limit reached' };

let entities: EntityWorker;
beforeAll(async () => {
  entities = await EntityWorker.start();
});
afterAll(() => entities.stop());

const warned: unknown[] = [];
const log = { info: () => undefined, warn: (...said: unknown[]) => void warned.push(said) };
beforeEach(() => {
  warned.length = 0;
});

/** A provider nobody has reported on, as one worker process sees it. */
function providerOf(cacheMs = 20) {
  const provider = `provider-${randomUUID().slice(0, 8)}`;
  const door = (): Breakers =>
    createBreakers({
      connection: entities.connection,
      namespace: 'default',
      taskQueue: entities.taskQueue,
      log,
      cacheMs,
    });
  const breakers = door();
  const handle = entities.client.workflow.getHandle(breakerWorkflowId(provider));
  const until = (wanted: Partial<Standing>): Promise<Standing> =>
    waitUntil(async () => {
      const standing = await breakers.standing(provider);
      return Object.entries(wanted).every(([key, value]) => standing[key as keyof Standing] === value) && standing;
    }) as Promise<Standing>;
  const tell = (outcome: ProviderReport['outcome'], more: Partial<ProviderReport> = {}): Promise<void> =>
    breakers.report(provider, { id: randomUUID(), at: Date.now(), outcome, ...more });
  const start = (limits: Partial<BreakerLimits>): Promise<WorkflowHandleWithFirstExecutionRunId> =>
    entities.client.workflow.start(PROVIDER_BREAKER, {
      workflowId: breakerWorkflowId(provider),
      taskQueue: entities.taskQueue,
      args: [{ provider, limits } satisfies BreakerInput],
    });
  return { provider, door, breakers, handle, until, tell, start };
}

const opensFor = (ms: number) => ({ transient: ms, limit: ms, permanent: ms });

describe('a provider’s breaker', () => {
  it('is closed and is not there before anything failed: a success starts none, nor what was given up', async () => {
    const { provider, breakers, tell, handle } = providerOf();
    await tell('success');
    await tell('abandoned', { generation: 0 });
    expect(await breakers.standing(provider)).toEqual({ state: 'closed', generation: 0 });
    await expect(handle.describe()).rejects.toThrow(/not found/i);
  });

  it('is started by the first failure, counts to three, and every worker learns it with one look', async () => {
    const { provider, door, until, tell, handle } = providerOf();
    await tell(blip);
    await until({ state: 'closed', failures: 1 });
    await tell('success');
    await until({ state: 'closed', failures: undefined as never });
    for (let times = 0; times < 3; times += 1) await tell(blip);
    const standing = await until({ state: 'open', why: 'Provider.Overloaded: busy' });
    expect(standing.until).toBeGreaterThan(Date.now());
    expect(await door().standing(provider)).toEqual(standing);
    expect((await handle.describe()).memo?.[STANDING_MEMO]).toEqual(standing);
  });

  it('opens until the reset a usage limit names, and the same report again does not lengthen it', async () => {
    const { until, tell, handle } = providerOf();
    const resetsAt = Date.now() + 3_600_000;
    await tell({ ...limit, resetsAt }, { id: 'turn-1#1' });
    const standing = await until({ state: 'open', until: resetsAt });
    await tell({ ...limit, resetsAt: resetsAt + 1_000 }, { id: 'turn-1#1' });
    await tell({ ...limit, resetsAt: resetsAt + 1_000 }, { id: 'turn-0#1', generation: standing.generation - 1 });
    const { openUntil, seen } = await patientQuery(handle, breakerQuery);
    expect({ openUntil, seen }).toEqual({ openUntil: resetsAt, seen: ['turn-1#1'] });
  });

  it('a report that is none is passed over', async () => {
    const { tell, until, handle } = providerOf();
    await tell(blip);
    await handle.signal(reportSignal, 'out of order' as never);
    await handle.signal('report');
    await tell(blip);
    expect(await until({ failures: 2 })).toMatchObject({ state: 'closed' });
  });
});

describe('a half-open breaker', () => {
  it('gives the probe to exactly one of a hundred callers of eight processes, and closes with its success', async () => {
    const { provider, door, start, tell, until, handle } = providerOf();
    await start({ firstOpenMs: opensFor(50) });
    await tell(limit);
    await until({ state: 'half-open' });
    const doors = Array.from({ length: 8 }, door);
    const takers = Array.from({ length: 100 }, (_, i) => doors[i % doors.length]!.takeProbe(provider, `caller-${i}`));
    const granted = await Promise.all(takers);
    expect(granted.filter((one) => one)).toHaveLength(1);
    expect(warned).toEqual([]);

    const winner = granted.indexOf(true);
    const { probe } = await patientQuery(handle, breakerQuery);
    expect(probe?.who).toBe(`caller-${winner}`);
    const winning = doors[winner % doors.length]!;
    const { generation } = await winning.standing(provider);
    await winning.report(provider, { id: 'probe#1', at: Date.now(), outcome: 'success', generation });
    await until({ state: 'closed' });
  });

  it('is given once, too, to as many as a workflow answers at a time', async () => {
    const { start, tell, until, handle } = providerOf();
    await start({ firstOpenMs: opensFor(50) });
    await tell(limit);
    await until({ state: 'half-open' });
    const asked = Array.from({ length: 8 }, (_, i) =>
      handle.executeUpdate(takeProbeUpdate, { args: [{ who: `c${i}` }] }),
    );
    const answers = await Promise.all(asked);
    const [winner, ...more] = answers.filter(({ granted }) => granted);
    expect(more).toEqual([]);
    // All others were refused before or after it, and those after it are told until when somebody tries.
    expect(winner?.standing).toMatchObject({ state: 'half-open', until: expect.any(Number) as number });
    expect(await until({ until: winner!.standing.until! })).toEqual(winner!.standing);
  });

  it('asks the workflow once for all callers of one process', async () => {
    const { provider, breakers, start, tell, until, handle } = providerOf(60_000);
    await start({ firstOpenMs: opensFor(50) });
    await tell(limit);
    await waitUntil(async () => (await handle.query(breakerQuery)).state === 'half-open');
    await tell(limit, { generation: 0 }); // changes nothing, but what was known is looked up again
    await until({ state: 'half-open' });
    const granted = await Promise.all(Array.from({ length: 100 }, (_, i) => breakers.takeProbe(provider, `c${i}`)));
    expect(granted.filter((one) => one)).toHaveLength(1);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toHaveLength(1);
  });

  it('gives the probe to the next caller when the first one is never heard of again', async () => {
    const { provider, door, start, tell, until } = providerOf();
    await start({ firstOpenMs: opensFor(50), leaseMs: 1_000 });
    await tell(limit);
    await until({ state: 'half-open' });
    expect(await door().takeProbe(provider, 'lost')).toBe(true);
    const next = door();
    expect(await next.takeProbe(provider, 'next')).toBe(false);
    await waitUntil(() => next.takeProbe(provider, 'next'));
  });

  it('opens again when its probe fails', async () => {
    const { provider, breakers, start, tell, until } = providerOf();
    await start({ firstOpenMs: { ...opensFor(50), limit: 50, transient: DAY }, longestOpenMs: opensFor(DAY) });
    await tell(limit);
    await until({ state: 'half-open' });
    await waitUntil(() => breakers.takeProbe(provider, 'a'));
    const { generation } = await breakers.standing(provider);
    await tell(blip, { generation });
    await until({ state: 'open', why: 'Provider.Overloaded: busy' });
  });
});

describe('people', () => {
  it('isolate a provider and put it back; what makes no sense is refused with the reason', async () => {
    const { provider, tell, until, handle, breakers } = providerOf();
    await tell(blip);
    await until({ failures: 1 });
    const isolated = await handle.executeUpdate(isolateUpdate, { args: [{ who: 'ada', comment: 'new keys' }] });
    expect(isolated.message).toBe(`Nothing is sent to ${provider} until somebody resets its breaker.`);
    await until({ state: 'isolated', why: 'isolated by ada: new keys' });
    await tell('success');
    expect(await breakers.takeProbe(provider, 'a')).toBe(false);
    const refused = async (asked: Promise<unknown>, reason: string): Promise<void> => {
      const cause = { type: 'Request.Refused', message: reason };
      await expect(asked).rejects.toMatchObject({ cause });
    };
    await refused(
      handle.executeUpdate(isolateUpdate, { args: [{ who: 'bob' }] }),
      'The provider is isolated already: isolated by ada: new keys.',
    );
    await refused(handle.executeUpdate(resetUpdate, { args: [{ who: ' ' }] }), 'A request needs a name: set "who".');
    await refused(
      handle.executeUpdate(takeProbeUpdate, { args: [{ who: 'a', leaseMs: -1 }] }),
      "A probe's lease is between 1000 and 21600000 ms.",
    );
    await handle.executeUpdate(resetUpdate, { args: [{ who: 'ada' }] });
    await until({ state: 'closed' });
    await refused(
      handle.executeUpdate(resetUpdate, { args: [{ who: 'ada' }] }),
      'The breaker is closed; there is nothing to reset.',
    );
  });

  it('that is closed forgets its failures when it is reset, and says no more than that', async () => {
    const { provider, start, tell, until } = providerOf();
    const handle = await start({});
    await tell(blip);
    await until({ failures: 1 });
    expect(await handle.executeUpdate(resetUpdate, { args: [{ who: 'ada' }] })).toEqual({
      message: `The breaker of ${provider} is closed, and its failures are forgotten.`,
    });
    await until({ failures: undefined as never });
  });
});

describe('a breaker that lives long', () => {
  it('continues as new with all it knows, and loses no report of a burst', async () => {
    const { start, handle, until, tell } = providerOf();
    const first = await start({ historyEvents: 40, failures: 1_000 });
    const reports = Array.from({ length: 150 }, (_, i) => ({ id: `r${i}`, at: Date.now(), outcome: blip }));
    // A few senders at a time, as workers are.
    for (let i = 0; i < reports.length; i += 5) {
      await Promise.all(reports.slice(i, i + 5).map((report) => handle.signal(reportSignal, report)));
    }
    const { failures } = await until({ failures: reports.length });
    expect(failures).toBe(150);
    const { runId, historyLength } = await handle.describe();
    expect(runId).not.toBe(first.firstExecutionRunId);
    expect(historyLength).toBeLessThan(200);
    // What the first execution counted is known to the last one.
    await handle.signal(reportSignal, reports[149]!);
    await tell(blip);
    await until({ failures: 151 });
  });

  it('keeps an isolated provider isolated across executions, for everybody who looks in between', async () => {
    const { start, handle, tell, until } = providerOf();
    const first = await start({ historyEvents: 12 });
    await handle.executeUpdate(isolateUpdate, { args: [{ who: 'ada' }] });
    await until({ state: 'isolated' });
    const looks: (Standing | undefined)[] = [];
    for (let times = 0; times < 20; times += 1) {
      await tell(blip);
      looks.push((await handle.describe()).memo?.[STANDING_MEMO] as Standing | undefined);
    }
    expect(new Set(looks.map((standing) => standing?.state))).toEqual(new Set(['isolated']));
    expect((await handle.describe()).runId).not.toBe(first.firstExecutionRunId);
  });

  it('ends itself when it is closed and nothing is reported, and the next failure starts it again', async () => {
    const { provider, breakers, start, tell, until } = providerOf();
    const first = await start({ idleMs: 500 });
    await tell(blip);
    await until({ failures: 1 });
    expect(await first.result()).toMatchObject({ state: 'closed' });
    expect(await breakers.standing(provider)).toEqual({ state: 'closed', generation: 0 });
    await tell(limit);
    await until({ state: 'open' });
  });

  it('survives its worker, and a thousand reports that were sent while there was none', async () => {
    const { provider, door, tell, until } = providerOf();
    const other = await EntityWorker.start();
    const breakers = createBreakers({
      connection: other.connection,
      namespace: 'default',
      taskQueue: other.taskQueue,
      log,
      cacheMs: 20,
    });
    await breakers.report(provider, { id: 'a', at: Date.now(), outcome: blip });
    await until({ failures: 1 });
    await other.end(other.workflows);
    // As many as an outage of an hour brings. All are of the first generation, so they are one trip.
    for (let sent = 0; sent < 1_000; sent += 20) {
      await Promise.all(Array.from({ length: 20 }, () => tell(blip, { generation: 0 })));
    }
    expect(warned).toEqual([]);
    await other.startWorkflows();
    await until({ state: 'open' });
    expect((await door().standing(provider)).generation).toBe(1);
    await other.stop();
  });
});

describe('a worker that cannot read a breaker', () => {
  it('goes on with what it knew, says so once, and fails nobody’s work', async () => {
    const { provider, until, tell } = providerOf();
    const resetsAt = Date.now() + 3_600_000;
    await tell({ ...limit, resetsAt });
    const standing = await until({ state: 'open' });
    let broken = false;
    const faulty = new Proxy(entities.connection, {
      get: (connection, key) => {
        if (key === 'withDeadline' && broken) return () => Promise.reject(new Error('no route to the server'));
        return Reflect.get(connection, key) as unknown;
      },
    });
    const breakers = createBreakers({
      connection: faulty,
      namespace: 'default',
      taskQueue: entities.taskQueue,
      log,
      cacheMs: 0,
    });
    expect(await breakers.standing(provider)).toEqual(standing);
    broken = true;
    for (let times = 0; times < 3; times += 1) expect(await breakers.standing(provider)).toEqual(standing);
    expect(warned).toEqual([[expect.objectContaining({ provider, known: standing }), 'the breaker cannot be read']]);
    await breakers.report(provider, { id: 'x', at: Date.now(), outcome: blip });
    expect(warned).toHaveLength(2);
    broken = false;
    expect(await breakers.standing(provider)).toEqual(standing);
  });
});
