import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';
import { createLedgerActivities } from '../../activities/budgets/create-ledger-activities';
import { ledgerQuery, ledgerWorkflowId, type LedgerView } from '../../contracts/budgets';
import { breakerQuery, breakerWorkflowId } from '../../contracts/breakers';
import { createHolders } from '../../workers/doors/holders';
import { compileSources } from '../support/compile-sources';
import { EntityWorker } from '../support/entity-worker';
import { json, openAiAnswer, openAiWhole } from '../support/model-wire';
import { patientQuery } from '../support/patient-query';
import { startUpstream, type ScriptedUpstream } from '../support/scripted-upstream';
import { removeTemporary, temporaryDirectory } from '../support/temporary-home';
import { waitUntil } from '../support/wait-until';

const ASKED = {
  model: 'small',
  max_tokens: 10,
  messages: [{ role: 'user' as const, content: 'What is two and two?' }],
};
const KEY = 'gk-ann-0123456789';

// Each test starts the program, and a machine may be busy.
jest.setTimeout(180_000);

describe('the process of the gateway', () => {
  let entities: EntityWorker;
  let upstream: ScriptedUpstream;
  let home: string;
  let compiled: string;
  let organisation: string;
  /** Breakers are named after providers, and other tests share the server. */
  let provider: string;
  let running: ChildProcess | undefined;

  beforeAll(async () => {
    compiled = compileSources('gateway', ['contracts', 'activities', 'workers']);
    entities = await EntityWorker.start();
    const { connection, taskQueue } = entities;
    await entities.end(entities.workflows);
    const activities = createLedgerActivities(createHolders({ connection, namespace: 'default' }));
    const workflowBundle = { codePath: process.env['GANTRY_WORKFLOW_BUNDLE']! };
    await entities.serve({ taskQueue, workflowBundle, activities: { ...activities } });
  });
  afterAll(() => entities.stop());

  beforeEach(async () => {
    [home, upstream] = [await temporaryDirectory(), await startUpstream()];
    const unique = randomUUID().slice(0, 8);
    organisation = `org-${unique}`;
    provider = `scripted-${unique}`;
  });
  afterEach(async () => {
    if (running?.exitCode === null && running.signalCode === null) {
      running.kill('SIGKILL');
      await once(running, 'exit');
    }
    await upstream.close();
    await removeTemporary(home);
  });

  /** The program as `gantry gateway` starts it. */
  async function start(env: Record<string, string> = {}, gateway = 'keys: { ann: { key: ANN_KEY, team: red } }') {
    const config = join(home, 'gantry.config.yaml');
    await writeFile(
      config,
      [
        `organisation: ${organisation}`,
        'providers:',
        `  ${provider}: { base-url: '${upstream.url}/v1', models: [small], prices: { '*': { input: 1000, output: 1000 } } }`,
        'budgets: { limits: { total: 5 }, teams: { red: { limits: { day: 1 } } }, slice: 0.5 }',
        `gateway: { port: 0, ${gateway} }`,
      ].join('\n'),
    );
    const child = spawn(process.execPath, [join(compiled, 'workers', 'gateway', 'main.js')], {
      env: {
        ...{ PATH: process.env['PATH'], HOME: home, GANTRY_HOME: home, GANTRY_CONFIG: config, ANN_KEY: KEY, TZ: 'UTC' },
        ...{ TEMPORAL_ADDRESS: process.env['GANTRY_TEST_ADDRESS'], GANTRY_TASK_QUEUE: entities.taskQueue, ...env },
      },
    });
    running = child;
    let said = '';
    for (const out of [child.stdout, child.stderr]) out.on('data', (chunk) => (said += String(chunk)));
    const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, said }));
    const url = await Promise.race([
      waitUntil(() => /"urls":\["([^"]+)"/.exec(said)?.[1] ?? (child.exitCode !== null ? 'ended' : ''), {
        timeoutMs: 60_000,
      }),
      ended.then(() => 'ended'),
    ]);
    const client = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0, logLevel: 'off' });
    return { child, client, ended, url };
  }

  /** Started, and its ledger too: the first answer of a new ledger may take longer than a call waits for it. */
  async function startReady() {
    const started = await start();
    await waitUntil(async () => (await fetch(`${started.url}/readyz`)).ok, { timeoutMs: 60_000 });
    return started;
  }

  const ledger = (): Promise<LedgerView> =>
    patientQuery(entities.client.workflow.getHandle(ledgerWorkflowId(organisation)), ledgerQuery);

  test('asked to end, answers what is in flight, settles what it drew, and leaves the audit behind', async () => {
    const { child, client, ended, url } = await startReady();
    upstream.reply(openAiWhole('Four.'));
    await client.chat.completions.create(ASKED);
    expect((await ledger()).slices).toHaveLength(1);

    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    upstream.reply({ ...openAiAnswer(['Fo', 'ur.']), after: { chunks: 3, wait: held } });
    const pieces: string[] = [];
    const following = client.chat.completions.create({ ...ASKED, stream: true }).then(async (chunks) => {
      for await (const chunk of chunks) pieces.push(chunk.choices[0]?.delta.content ?? '');
    });
    await waitUntil(() => pieces.includes('Fo'));
    child.kill('SIGTERM');
    await waitUntil(() =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    finish();
    await following;
    expect(pieces.join('')).toBe('Four.');

    const { code, said } = await ended;
    expect([code, said.includes(KEY)]).toEqual([0, false]);
    const { slices, accounts } = await ledger();
    expect(slices).toEqual([]);
    const spent = accounts.flatMap(({ level, windows }) =>
      windows.map((one) => [level, one.window, one.settledNano, one.heldNano]),
    );
    expect(spent).toContainEqual(['org', 'total', 36_000_000, 0]);
    const [file = ''] = await readdir(join(home, 'gateway'));
    const lines = (await readFile(join(home, 'gateway', file), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { key: 'ann', team: 'red', status: 200, costNano: 18_000_000 },
      { key: 'ann', stream: true, status: 200 },
    ]);
  });

  test('spends nothing beyond a budget, and says which one it is', async () => {
    const { client } = await startReady();
    await expect(client.chat.completions.create({ ...ASKED, max_tokens: 2_000 })).rejects.toMatchObject({
      status: 402,
      code: 'budget_exceeded',
    });
    expect(upstream.requests).toEqual([]);
  });

  test('opens the breaker of a provider for all of gantry after three failures', async () => {
    const { client, url } = await startReady();
    const failure = json(500, { error: { message: 'broken' } });
    upstream.reply(failure, failure, failure);
    for (let call = 0; call < 3; call += 1) {
      const broken = { status: 503, message: expect.stringContaining('broken') as string };
      await expect(client.chat.completions.create(ASKED)).rejects.toMatchObject(broken);
    }
    const breaker = entities.client.workflow.getHandle(breakerWorkflowId(provider));
    await waitUntil(async () => (await breaker.query(breakerQuery)).state === 'open');
    // What the gateway knows of it may be some seconds old.
    await waitUntil(async () => {
      const response = await fetch(`${url}/v1/providers/health`, { headers: { authorization: `Bearer ${KEY}` } });
      return /"breaker":"open"/.test(await response.text());
    });
    const error: unknown = await client.chat.completions.create(ASKED).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 503, code: 'no_provider_available' });
    expect(upstream.requests).toHaveLength(3);
    await breaker.terminate('the test is over');
  });

  test('does not begin where others could ask without a key', async () => {
    const { ended } = await start({ GANTRY_GATEWAY_HOST: '0.0.0.0' }, 'keys: {}');
    const { code, said } = await ended;
    expect(code).toBe(1);
    expect(said).toMatch(/gantry gateway: Without keys the gateway listens on this machine alone, and 0\.0\.0\.0/);
  });

  test('does not begin without a server, says so, and ends as what cannot be reached does', async () => {
    const { ended } = await start({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    const { code, said } = await ended;
    expect(code).toBe(5);
    expect(said).toMatch(
      /gantry gateway: No Temporal server answers at 127\.0\.0\.1:1: Connection refused\. Start one with/,
    );
  });

  test('does not begin with a key that is not there', async () => {
    const { ended } = await start({ ANN_KEY: '' });
    const { code, said } = await ended;
    expect([code, said.includes('ANN_KEY')]).toEqual([1, true]);
  });
});
