import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Io } from '../../client/cli/io';
import { runCli } from '../../client/cli/run-cli';
import {
  PROVIDER_BREAKER,
  breakerQuery,
  breakerWorkflowId,
  reportSignal,
  type BreakerInput,
} from '../../contracts/breakers';
import { DEFAULT_ORGANISATION, ledgerQuery, ledgerWorkflowId } from '../../contracts/budgets';
import { modelCallWorkflowId } from '../../contracts/model-call';
import { auditQuery } from '../../contracts/messages';
import { CliSession, type Said } from '../support/cli-session';
import { LiveSystem } from '../support/live-system';
import { pipeline } from '../support/pipelines';
import { startSlowModel, type SlowModel } from '../support/slow-model';
import { patientQuery } from '../support/patient-query';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(180_000);

// A worker process with the real client, breakers and SDKs, against models that a test plays.

let first: SlowModel;
let second: SlowModel;
let system: LiveSystem;
let cli: CliSession;
beforeAll(async () => {
  first = await startSlowModel();
  second = await startSlowModel();
  const dead = await startSlowModel();
  await dead.close();
  system = await LiveSystem.start([], {
    GANTRY_ROLES: 'runs',
    GANTRY__CHAINS: '{ pair: [away, second] }',
    GANTRY_OPENAI_COMPATIBLE: `first=${first.url},one;second=${second.url},two;dead=${dead.url},gone;away=${dead.url},gone`,
    OPENAI_API_KEY: 'k',
    OPENAI_BASE_URL: first.url,
    OLLAMA_HOST: 'http://127.0.0.1:1',
  });
  cli = new CliSession({ GANTRY_TASK_QUEUE: system.taskQueue, TEMPORAL_ADDRESS: system.server.address });
});
afterAll(async () => {
  cli.end();
  await system.stop();
  await Promise.all([first.close(), second.close()]);
});

const asking = (prompt: string, ...options: string[]): Promise<Said> => cli.run('ask', prompt, ...options);

const ioOf = (write: (text: string) => unknown): Io => ({
  stdout: { write },
  stderr: { write: () => undefined },
  stdin: process.stdin,
  env: { GANTRY_TASK_QUEUE: system.taskQueue, TEMPORAL_ADDRESS: system.server.address, GANTRY_HOME: system.home },
  cwd: system.root,
  signal: new AbortController().signal,
});

/** As a host does that loses its power. */
async function killEverything(): Promise<void> {
  await Promise.all([system.endWorker('SIGKILL'), system.server.kill()]);
  system.server = await system.server.again();
  await system.startWorker();
}

async function killWorker(): Promise<void> {
  await system.endWorker('SIGKILL');
  await system.startWorker();
}

it('a call whose worker is killed is made again, and nobody is blamed for it', async () => {
  const before = first.asked;
  const run = await system.run(
    pipeline({ stages: { plan: { prompt: 'Plan.', model: 'first/one', retry: { attempts: 1 } } } }),
  );
  await waitUntil(() => first.asked === before + 1, { timeoutMs: 30_000 });
  await first.say('half an ');
  await killWorker();
  await waitUntil(() => first.asked === before + 2, { timeoutMs: 60_000 });
  await first.say('A whole answer.');
  first.finish();
  const { status, view } = await run.result();
  expect(status).toBe('SUCCESS');
  expect(view.stages[0]).toMatchObject({ output: 'A whole answer.', attempt: 1 });
  expect((await run.audit()).filter(({ what }) => what === 'model.failed')).toEqual([]);
});

it('a stage waits for the reset of a usage limit through the end of worker and server, and then is the probe', async () => {
  const client = await system.client();
  const resetsAt = Date.now() + 20_000;
  await client.workflow.signalWithStart(PROVIDER_BREAKER, {
    workflowId: breakerWorkflowId('second'),
    taskQueue: system.taskQueue,
    args: [{ provider: 'second' } satisfies BreakerInput],
    signal: reportSignal,
    signalArgs: [
      {
        ...{ id: 'limit-1', at: Date.now() },
        outcome: { failure: 'limit', type: 'Provider.Quota', message: 'usage limit', resetsAt },
      },
    ],
  });
  const before = second.asked;
  const run = await system.run(
    pipeline({ stages: { plan: { prompt: 'Plan.', model: 'second/two', retry: { attempts: 1 } } } }),
  );
  const waits = async () =>
    (await run.workflow.query(auditQuery)).filter(({ what }) => what === 'model.waits').map(({ text }) => text);
  await waitUntil(async () => (await waits()).length > 0, { timeoutMs: 30_000 });
  expect((await waits())[0]).toContain('the breaker of second is open');
  await killEverything();
  const breaker = (await system.client()).workflow.getHandle(breakerWorkflowId('second'));
  const kept = await waitUntil(() => breaker.query(breakerQuery), { timeoutMs: 30_000 });
  expect(kept).toMatchObject({ openUntil: resetsAt, trips: 1, seen: ['limit-1'] });
  expect(second.asked).toBe(before);
  await waitUntil(() => second.asked === before + 1, { timeoutMs: 60_000 });
  expect(Date.now()).toBeGreaterThanOrEqual(resetsAt);
  await second.say('At last.');
  second.finish();
  expect((await run.result()).view.stages[0]).toMatchObject({ output: 'At last.', attempt: 1 });
});

it('a provider that is down opens its breaker, and soon no run asks it any more', async () => {
  const endOf = async (attempts: number) => {
    const retry = { attempts, delay: '10ms' };
    const stages = { plan: { prompt: 'Plan.', model: 'dead/gone', timeout: '20s', retry } };
    const run = await system.run(pipeline({ stages }));
    const { view } = await run.result();
    return { run, failure: view.stages[0]?.failure };
  };
  expect((await endOf(3)).failure).toMatchObject({ type: 'Provider.Network' });
  const client = await system.client();
  const breaker = client.workflow.getHandle(breakerWorkflowId('dead'));
  await waitUntil(async () => (await breaker.query(breakerQuery)).state === 'open', { timeoutMs: 30_000 });
  // A worker's own look at a breaker may be some seconds old.
  let last = await endOf(1);
  await waitUntil(async () => (last = await endOf(1)).failure?.type === 'Provider.Unavailable', { timeoutMs: 20_000 });
  expect(last.failure?.message).toContain('dead/gone: the breaker of dead is open (Provider.Network');
  expect((await last.run.audit()).filter(({ what }) => what === 'model.failed')).toEqual([]);
});

describe('the budget of a run', () => {
  const planned = (budget: number) =>
    pipeline({ budget, stages: { plan: { prompt: 'Plan.', model: 'openai', retry: { attempts: 1 } } } });

  it('is held in the ledger while a model is asked, and nothing of it stays there', async () => {
    const client = await system.client();
    const ledger = client.workflow.getHandle(ledgerWorkflowId(DEFAULT_ORGANISATION));
    const before = first.asked;
    const run = await system.run(planned(1));
    await waitUntil(() => first.asked === before + 1, { timeoutMs: 30_000 });
    const during = await patientQuery(ledger, ledgerQuery);
    expect(during.runs).toMatchObject([{ run: expect.stringContaining('calculator/') as string }]);
    expect(during.slices).toHaveLength(1);
    await first.say('Done.');
    first.finish();
    const { status, view } = await run.result();
    expect([status, view.costUsd > 0]).toEqual(['SUCCESS', true]);
    const after = await patientQuery(ledger, ledgerQuery);
    expect([after.runs, after.slices]).toEqual([[], []]);
  });

  it('that is too small for the call ends the run before anybody is asked, and it can be resumed', async () => {
    const before = first.asked;
    const { status, view } = await (await system.run(planned(0.000_001))).result();
    expect(status).toBe('BUDGET_EXHAUSTED');
    expect(view.failure?.message).toContain('may spend $0.000001 in all');
    expect(first.asked).toBe(before);
  });
});

describe('gantry ask', () => {
  it('prints the answer alone, and beside it who gave it, the tokens, the cost and the time', async () => {
    const before = first.asked;
    const said = asking('What is 6 times 7?', '--model', 'first/one', '--task', 'sums');
    await waitUntil(() => first.asked === before + 1, { timeoutMs: 30_000 });
    await first.say('42');
    first.finish();
    const { code, out, err } = await said;
    expect([code, out]).toEqual([0, '42\n']);
    expect(err).toContain('first/gpt-test-2026 by asked for by name');
    expect(err).toMatch(/18 tokens · cost unknown · \d/);
  });

  it('shows the answer as it comes, each character once', async () => {
    let shown = '';
    const before = first.asked;
    const said = runCli(
      ['ask', 'Tell me.', '--model', 'first/one', '--stream'],
      ioOf((text) => (shown += text)),
    );
    await waitUntil(() => first.asked === before + 1, { timeoutMs: 30_000 });
    await first.say('One, ');
    await waitUntil(() => shown === 'One, ', { timeoutMs: 30_000 });
    await first.say('two, ');
    await waitUntil(() => shown === 'One, two, ', { timeoutMs: 30_000 });
    await first.say('three.');
    first.finish();
    expect(await said).toBe(0);
    expect(shown).toBe('One, two, three.\n');
  });

  it('goes on when nobody waits for it, and can be seen later', async () => {
    const before = first.asked;
    const { code, out } = await asking('Later.', '--model', 'first/one', '--no-wait', '--json');
    const { id, workflowId } = JSON.parse(out) as { id: string; workflowId: string };
    expect([code, workflowId]).toEqual([0, modelCallWorkflowId(id)]);
    await waitUntil(() => first.asked === before + 1, { timeoutMs: 30_000 });
    await first.say('Now.');
    first.finish();
    const later = await cli.run('ask', '--show', id, '--json');
    expect(JSON.parse(later.out)).toMatchObject({ id, answer: 'Now.', provider: 'first', calls: 1 });
  });

  it('says what it waits for, and goes on when it is interrupted', async () => {
    const client = await system.client();
    const resetsAt = Date.now() + 6_000;
    const outcome = { failure: 'limit', type: 'Provider.Quota', message: 'usage limit', resetsAt } as const;
    await client.workflow.signalWithStart(PROVIDER_BREAKER, {
      workflowId: breakerWorkflowId('first/limited'),
      taskQueue: system.taskQueue,
      args: [{ provider: 'first/limited' } satisfies BreakerInput],
      signal: reportSignal,
      signalArgs: [{ id: 'l', at: Date.now(), outcome }],
    });
    const person = new AbortController();
    const before = first.asked;
    let err = '';
    const asked = runCli(['ask', 'When you can.', '--model', 'first/limited'], {
      ...ioOf(() => undefined),
      stderr: { write: (text) => (err += text) },
      signal: person.signal,
    });
    await waitUntil(() => err.includes('Waiting until '), { timeoutMs: 30_000 });
    person.abort();
    const code = await asked;
    expect(code).toBe(130);
    expect(err).toContain('the breaker of first/limited is open (Provider.Quota: usage limit)');
    const [, id = ''] = /gantry ask --show (\w+)/.exec(err) ?? [];
    await waitUntil(() => first.asked === before + 1, { timeoutMs: 60_000 });
    await first.say('Here.');
    first.finish();
    expect((await cli.run('ask', '--show', id)).out).toBe('Here.\n');
  });

  it('fails with the reasons when its time is up, and exits with 1', async () => {
    const client = await system.client();
    await client.workflow.signalWithStart(PROVIDER_BREAKER, {
      workflowId: breakerWorkflowId('first/closed'),
      taskQueue: system.taskQueue,
      args: [{ provider: 'first/closed' } satisfies BreakerInput],
      signal: reportSignal,
      signalArgs: [
        {
          id: 'p',
          at: Date.now(),
          outcome: { failure: 'permanent', type: 'Provider.NotFound', message: 'no such model' },
        },
      ],
    });
    const { code, err } = await asking('Anything?', '--model', 'first/closed', '--timeout', '5s');
    expect(code).toBe(1);
    expect(err).toContain(
      'Provider.Unavailable: No model provider takes the request now: first/closed: the breaker of first/closed',
    );
    expect(err).toContain('no such model');
  });

  it('that nobody asked is not found', async () => {
    const { code, err } = await cli.run('ask', '--show', 'nope');
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining('question "nope"') as string });
  });

  it('tells of a call that failed although the next one answered', async () => {
    const before = second.asked;
    const said = asking('Who else?', '--task', 'no-such', '--timeout', '60s', '--model', 'pair');
    await waitUntil(() => second.asked === before + 1, { timeoutMs: 30_000 });
    await second.say('Me.');
    second.finish();
    const { code, out, err } = await said;
    expect([code, out]).toEqual([0, 'Me.\n']);
    expect(err).toContain('away/gone: Provider.Network');
    expect(err).toContain('2 calls');
  });

  it.each([
    [['ask'], 'What to ask?'],
    [['ask', 'x', '--timeout', 'soon'], 'It must be a duration'],
    [['ask', 'x', '--max-tokens', '-1'], 'whole number of tokens'],
    [['ask', 'x', '--stream', '--json'], '--stream is for people'],
    [['ask', 'x', '--show', 'y'], 'give no prompt'],
  ])('refuses what makes no sense: %j', async (argv, why) => {
    const { code, err, out } = await cli.run(...argv);
    expect(code).toBe(2);
    expect(err + out).toContain(why);
  });
});

it('gantry providers test fails where one does not answer, and is one answer for programs', async () => {
  const config = path.join(cli.folder, 'test.yaml');
  writeFileSync(config, 'providers: { dead: { base-url: http://127.0.0.1:1/v1, models: [gone] } }\n');
  const { code, out, err } = await cli.run('--config', config, '--json', 'providers', 'test');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject([{ provider: 'dead', ok: false, type: 'Provider.Network' }]);
  expect(err).toContain('No answer from dead.');
});
