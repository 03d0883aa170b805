import { randomUUID } from 'node:crypto';
import {
  MODEL_PROFILES,
  learnSignal,
  profilesQuery,
  profilesWorkflowId,
  type Profile,
  type ProfileSample,
  type ProfilesInput,
  type ProfilesLimits,
} from '../../contracts/profiles';
import { createProfiles, type Profiles, type ProfilesOptions } from '../../workers/doors/profiles';
import { EntityWorker } from '../support/entity-worker';
import { patientQuery } from '../support/patient-query';
import { waitUntil } from '../support/wait-until';
import { startWorkflowProcess } from '../support/workflow-process';

let entities: EntityWorker;
beforeAll(async () => {
  entities = await EntityWorker.start();
});
afterAll(() => entities.stop());

const warned: string[] = [];
const log = { info: () => undefined, warn: (_facts: unknown, said?: string) => void warned.push(said ?? '') };
beforeEach(() => {
  warned.length = 0;
});
/** A loaded server may give a query up, which is told and is no loss. */
const lost = (): string[] => warned.filter((said) => !said.endsWith('cannot be read'));

const HOUR = 3_600_000;
const sample = (more: Partial<ProfileSample> = {}): ProfileSample => ({
  task: 'code',
  provider: 'openai',
  model: 'gpt',
  ok: true,
  latencyMs: 1_000,
  ...more,
});

/** An organisation nobody has learned anything for. */
function organisation(taskQueue = entities.taskQueue) {
  const name = `org-${randomUUID().slice(0, 8)}`;
  const doors: Profiles[] = [];
  const door = (more: Partial<ProfilesOptions> = {}): Profiles => {
    const where = { connection: entities.connection, namespace: 'default', taskQueue, organisation: name, log };
    const opened = createProfiles({ ...where, cacheMs: 0, gatherMs: 20, ...more });
    doors.push(opened);
    return opened;
  };
  const handle = entities.client.workflow.getHandle(profilesWorkflowId(name));
  const start = (limits: Partial<ProfilesLimits>) =>
    entities.client.workflow.start(MODEL_PROFILES, {
      workflowId: profilesWorkflowId(name),
      taskQueue,
      args: [{ organisation: name, limits } satisfies ProfilesInput],
    });
  const until = async (asked: Profiles, calls: number): Promise<Profile> => {
    const known = await waitUntil(async () => (await asked.known()).find((one) => one.calls === calls));
    return known!;
  };
  return { name, door, handle, start, until };
}

describe('what is learned of models', () => {
  it('is nothing at first, and nobody is told of that', async () => {
    const { door, handle } = organisation();
    expect(await door().known()).toEqual([]);
    expect(warned).toEqual([]);
    await expect(handle.describe()).rejects.toThrow(/not found/i);
  });

  it('is learned by two workers and known to a third', async () => {
    const { door, until } = organisation();
    const [one, other] = [door(), door()];
    for (let i = 0; i < 10; i += 1) one.learn(sample({ latencyMs: 1_000, costNano: 1_000 }));
    for (let i = 0; i < 10; i += 1) other.learn(sample({ latencyMs: 3_000, costNano: 3_000 }));
    other.learn(sample({ ok: false }));
    other.learn({ task: 'code', provider: 'openai', model: 'gpt', ok: true, quality: 0.5 });
    const known = await until(door(), 21);
    // Each step is rounded to whole units, and which of the two is heard first is open.
    const about = (value: number): unknown => expect.closeTo(value, -1) as unknown;
    expect(known).toMatchObject({ task: 'code', provider: 'openai', model: 'gpt' });
    expect([known.latencyMs, known.costNano]).toEqual([about(2_000), about(2_000)]);
    expect(known.quality).toBe(0.5);
    expect(known.failureRate).toBeGreaterThan(0.04);
  });

  it('is sent in one signal by each process, and what is left goes when it ends', async () => {
    const { door, handle, until } = organisation();
    const ending = door({ gatherMs: HOUR });
    for (let i = 0; i < 40; i += 1) ending.learn(sample());
    await expect(handle.describe()).rejects.toThrow(/not found/i);
    await ending.close();
    await until(door(), 40);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(1);
    ending.learn(sample());
    await ending.close();
    expect(await until(door(), 40)).toMatchObject({ calls: 40 });
    expect(lost()).toEqual([]);
  });

  it('is sent in parts where a signal cannot hold it', async () => {
    const { door, until, handle } = organisation();
    const busy = door({ gatherMs: HOUR });
    for (let i = 0; i < 1_200; i += 1) busy.learn(sample());
    await busy.close();
    await until(door(), 1_200);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(3);
  });

  it('is asked for once in a while, whoever wants to know', async () => {
    const { door, until } = organisation();
    const first = door();
    first.learn(sample());
    await until(first, 1);
    const cached = door({ cacheMs: HOUR });
    expect(await Promise.all([cached.known(), cached.known()])).toMatchObject([[{ calls: 1 }], [{ calls: 1 }]]);
    first.learn(sample());
    await until(first, 2);
    expect(await cached.known()).toMatchObject([{ calls: 1 }]);
  });

  it('is not confused by signals that are none', async () => {
    const { door, handle, until } = organisation();
    const one = door();
    one.learn(sample());
    await until(one, 1);
    await handle.signal(learnSignal, 'fast' as never);
    await handle.signal('learn');
    await handle.signal(learnSignal, [{ task: 7 } as never, sample()]);
    expect(await until(one, 2)).toMatchObject({ latencyMs: 1_000 });
  });
});

describe('what was learned stays', () => {
  it('when its worker is killed, with what was told while there was none', async () => {
    const taskQueue = `test-${randomUUID()}`;
    const first = await startWorkflowProcess(taskQueue);
    const { door, until } = organisation(taskQueue);
    const one = door();
    one.learn(sample());
    await until(one, 1);
    await first.kill();
    const told = door({ gatherMs: HOUR });
    told.learn(sample());
    await told.close();
    const second = await startWorkflowProcess(taskQueue);
    expect(await until(door(), 2)).toMatchObject({ failureRate: 0 });
    await second.kill();
  });

  it('when it continues as new, and nothing of a burst is lost or counted twice', async () => {
    const { door, handle, start } = organisation();
    const { firstExecutionRunId } = await start({ historyEvents: 40 });
    const doors = Array.from({ length: 4 }, () => door({ gatherMs: 1 }));
    const models = ['a', 'b'];
    for (let i = 0; i < 50; i += 1) {
      for (const each of doors) for (const model of models) each.learn(sample({ model, latencyMs: 100 }));
      await patientQuery(handle, profilesQuery); // so that the samples go in many signals
    }
    await Promise.all(doors.map((each) => each.close()));
    const asked = door();
    const known = await waitUntil(async () => {
      const all = await asked.known();
      return all.length === models.length && all.every(({ calls }) => calls >= 200) ? all : undefined;
    });
    expect(known?.map(({ model, calls, latencyMs }) => [model, calls, latencyMs])).toEqual([
      ['a', 200, 100],
      ['b', 200, 100],
    ]);
    expect((await handle.describe()).runId).not.toBe(firstExecutionRunId);
    expect(lost()).toEqual([]);
  });

  it('as many profiles as there may be', async () => {
    const { door, start } = organisation();
    await start({ profiles: 3 });
    const one = door();
    for (let i = 0; i < 5; i += 1) one.learn(sample({ model: `m${i}` }));
    await one.close();
    expect(await waitUntil(async () => (await one.known()).length > 0 && one.known())).toHaveLength(3);
  });
});

describe('a worker whose server is away', () => {
  it('goes on with what it knew, says so once, and sends what it learned when the server is back', async () => {
    const { door, until } = organisation();
    const first = door();
    first.learn(sample());
    await until(first, 1);
    let broken = false;
    const connection = new Proxy(entities.connection, {
      get: (real, key) => {
        if (key === 'withDeadline' && broken) return () => Promise.reject(new Error('no route to the server'));
        return Reflect.get(real, key) as unknown;
      },
    });
    const worker = door({ connection });
    expect(await worker.known()).toMatchObject([{ calls: 1 }]);
    broken = true;
    worker.learn(sample());
    for (let times = 0; times < 3; times += 1) expect(await worker.known()).toMatchObject([{ calls: 1 }]);
    await waitUntil(() => warned.includes('what was learned of models is sent again later'));
    expect(warned.filter((said) => said === 'what was learned of models cannot be read')).toHaveLength(1);
    broken = false;
    await until(worker, 2);
    broken = true;
    worker.learn(sample());
    await worker.close();
    expect(warned.at(-1)).toBe('what was learned of models last is lost');
  });
});
