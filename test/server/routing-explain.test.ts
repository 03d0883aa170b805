import { randomUUID } from 'node:crypto';
import type { ModelConfig } from '../../contracts/config/model-config';
import { candidateKey } from '../../contracts/models';
import { explainRoute } from '../../client/models/explain-route';
import type { Target } from '../../client/target';
import { Temporal } from '../../client/temporal';
import { createBreakers } from '../../workers/doors/breakers';
import { createProfiles } from '../../workers/doors/profiles';
import { EntityWorker } from '../support/entity-worker';
import { factsOf, provider, request } from '../support/routing-facts';
import { waitUntil } from '../support/wait-until';

let entities: EntityWorker;
let temporal: Temporal;
beforeAll(async () => {
  entities = await EntityWorker.start();
  temporal = await Temporal.connect(targetAt(process.env['GANTRY_TEST_ADDRESS']!), 'tester');
});
afterAll(async () => {
  await temporal.close();
  await entities.stop();
});

const log = { info: () => undefined, warn: () => undefined };
const targetAt = (address: string): Target => ({
  ...{ address, namespace: 'default', taskQueue: entities.taskQueue, source: 'the test', connection: {} },
});

/** Two providers nobody has reported on, and the fastest first. */
function twoProviders() {
  const unique = randomUUID().slice(0, 8);
  const [a, b] = [`a-${unique}`, `b-${unique}`];
  const config: ModelConfig = {
    ...factsOf([provider(a, ['m']), provider(b, ['m'])], { routes: [{ chain: [a, b], prefer: 'latency' }] }).config,
    organisation: `org-${unique}`,
    gateway: { host: '127.0.0.1', port: 0, keys: {} },
    source: 'the test',
  };
  const where = { connection: entities.connection, namespace: 'default', taskQueue: entities.taskQueue, log };
  const breakers = createBreakers(where);
  const profiles = createProfiles({ ...where, organisation: config.organisation });
  const explain = (connect = () => Promise.resolve(temporal)) => explainRoute(config, request(), false, connect);
  return { a, b, breakers, profiles, explain };
}

describe('a route as it is explained', () => {
  it('goes by the configuration where nothing was reported or learned', async () => {
    const { a, b, explain } = twoProviders();
    const { route, breakers, profiles } = await explain();
    expect(route.candidates.map(candidateKey)).toEqual([`${a}/m`, `${b}/m`]);
    expect(profiles).toEqual({ known: [] });
    expect('known' in breakers && breakers.known[a]).toBeUndefined();
  });

  it('goes by what the workers learned', async () => {
    const { a, b, profiles, explain } = twoProviders();
    for (let i = 0; i < 5; i += 1) profiles.learn({ task: 'any', provider: b, model: 'm', ok: true, latencyMs: 800 });
    await profiles.close();
    const { route } = await waitUntil(async () => {
      const explained = await explain();
      return 'known' in explained.profiles && explained.profiles.known.length > 0 ? explained : undefined;
    }).then((explained) => explained!);
    expect(route.candidates.map(candidateKey)).toEqual([`${b}/m`, `${a}/m`]);
    expect(route.candidates[0]?.reasons[0]).toBe('answers in 0.8 s, learned from 5 calls');
  });

  it('goes by how the breakers stand, of a provider and of one model', async () => {
    const { a, b, breakers, explain } = twoProviders();
    const resetsAt = Date.now() + 3_600_000;
    const limit = { failure: 'limit', type: 'Provider.Quota', message: 'used up', resetsAt } as const;
    await breakers.report(a, { id: 'one', at: Date.now(), outcome: limit });
    const { message: _message, ...gone } = { ...limit, type: 'Provider.NotFound' as const };
    await breakers.report(`${b}/m`, { id: 'two', at: Date.now(), outcome: { ...gone, message: 'no such model' } });
    const { route, breakers: shown } = await waitUntil(async () => {
      const explained = await explain();
      return explained.route.rejected.length === 2 ? explained : undefined;
    }).then((explained) => explained!);
    expect(route.candidates).toEqual([]);
    expect(route.rejected.map(({ reason, retryAt }) => [reason, retryAt])).toEqual([
      [`the breaker of ${a} is open (Provider.Quota: used up)`, resetsAt],
      [`the breaker of ${b}/m is open (Provider.NotFound: no such model)`, resetsAt],
    ]);
    expect('known' in shown && Object.keys(shown.known)).toEqual(expect.arrayContaining([a, `${b}/m`]));
  });

  it('goes by the configuration alone where no server answers, and says so', async () => {
    const { explain } = twoProviders();
    const { route, breakers, profiles } = await explain(() => Temporal.connect(targetAt('127.0.0.1:1'), 'tester', 500));
    expect(route.candidates).toHaveLength(2);
    expect(breakers).toEqual({ unknown: expect.stringContaining('127.0.0.1:1') as string });
    expect(profiles).toEqual({ unknown: expect.stringContaining('127.0.0.1:1') as string });
  });

  it('knows the breakers where no worker answers, and says that nothing else is known', async () => {
    const { breakers, profiles, a, explain } = twoProviders();
    profiles.learn({ task: 'any', provider: a, model: 'm', ok: true, latencyMs: 1 });
    await profiles.close();
    await breakers.report(a, {
      id: 'one',
      at: Date.now(),
      outcome: { failure: 'permanent', type: 'Provider.Auth', message: 'no' },
    });
    await waitUntil(async () => (await explain()).route.rejected.length === 1);
    await entities.end(entities.workflows);
    try {
      const explained = await explain();
      expect(explained.route.rejected).toHaveLength(1);
      expect(explained.profiles).toEqual({ unknown: expect.stringContaining('No worker answers') as string });
    } finally {
      await entities.startWorkflows();
    }
  });
});
