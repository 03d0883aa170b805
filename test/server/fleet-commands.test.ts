import { randomUUID } from 'node:crypto';
import type { QueueReport } from '../../client/sessions/queue-report';
import { Temporal, type Host } from '../../client/temporal';
import { CliSession } from '../support/cli-session';
import { aHost, aSession, ScriptedFleet, type ScriptedHost } from '../support/scripted-fleet';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(120_000);

// Names of this file's own: hosts and runs of the shared server are seen by every test.
const id = randomUUID().slice(0, 6);
const A = `host-a-${id}`;
const B = `host-b-${id}`;
const codex = `codex-${id}`;
const claude = `claude-${id}`;

let fleet: ScriptedFleet;
let a: ScriptedHost;
let b: ScriptedHost;
let cli: CliSession;
beforeAll(async () => {
  fleet = await ScriptedFleet.start();
  const busy = {
    run: { project: 'shop', runId: 'cart-7f3a' },
    stage: 'implement',
    conversation: 'c0ffee00-1',
    memoryMb: 1_400,
  };
  const sessions = [
    aSession(`${codex}-1`, { pool: codex, state: 'working', since: Date.now() - 60_000, ...busy }),
    aSession(`${codex}-2`, { pool: codex, state: 'held', doing: 'a person is at its terminal' }),
    aSession(`${claude}-1`, { pool: claude }),
  ];
  const view = aHost(A, sessions);
  a = await fleet.host({ ...view, pools: view.pools.map((pool) => ({ ...pool, turnMs: 120_000 })) });
  b = await fleet.host(
    aHost(B, [aSession(`${claude}-1`, { pool: claude, draining: true }), aSession(`${claude}-9`, { pool: claude })]),
  );
  cli = new CliSession({
    TEMPORAL_ADDRESS: process.env['GANTRY_TEST_ADDRESS']!,
    GANTRY_TASK_QUEUE: fleet.taskQueue,
    GANTRY_USER: 'ann',
  });
  await waitUntil(async () => (await hosts()).filter(({ view: said }) => said !== undefined).length === 2);
});
afterAll(async () => {
  cli.end();
  await fleet.stop();
});

async function hosts(): Promise<Host[]> {
  return (JSON.parse((await cli.run('sessions', '--json')).out) as Host[]).filter(({ host }) => host.endsWith(id));
}

async function queue(): Promise<QueueReport> {
  return JSON.parse((await cli.run('queue', '--json')).out) as QueueReport;
}

describe('sessions', () => {
  it('shows every session of every host, for whom it works and what it does', async () => {
    const { out, code } = await cli.run('sessions');
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`${A}/${codex}-1 +${codex} +working +1m \\d\\ds +cart-7f3a implement +1.4 GB +c0ffee00`),
    );
    expect(out).toMatch(new RegExp(`${A}/${codex}-2 .*held.*a person is at its terminal`));
    expect(out).toMatch(new RegExp(`${B}/${claude}-1 .*idle, draining`));
    expect(out).toMatch(new RegExp(`✓ ${A} +up 1m \\d\\ds · ${codex} 2, ${claude} 1 · 12.3 GB free`));
  });

  it('narrows to a host or a pool, and says which host there is', async () => {
    const narrowed = (await cli.run('sessions', '--pool', codex, '--host', A)).out;
    expect(narrowed).toContain(`${codex}-1`);
    expect(narrowed).not.toContain(`${claude}-1`);
    expect(await cli.run('sessions', '--host', `host-a${id}`)).toMatchObject({
      code: 4,
      err: expect.stringContaining(`Did you mean "${A}"?`) as string,
    });
  });

  it('asks the one host that has the session, in the name of who asks', async () => {
    expect(await cli.run('sessions', 'stop', `${codex}-1`, '--force')).toEqual({
      code: 0,
      out: `${A}/${codex}-1 stopped\n`,
      err: '',
    });
    expect(a.asked.at(-1)).toEqual({ who: 'ann', action: 'stop', targets: [`${codex}-1`], force: true });
    await cli.run('sessions', 'reserve', `${B}/${claude}-9`, '--for', `${claude}-critical`);
    expect(b.asked.at(-1)).toEqual({
      who: 'ann',
      action: 'reserve',
      targets: [`${claude}-9`],
      pool: `${claude}-critical`,
    });
  });

  it('asks every host that has the pool, and one whole host', async () => {
    const before = [a.asked.length, b.asked.length];
    expect(await cli.run('sessions', 'drain', claude)).toMatchObject({ code: 0 });
    expect([a.asked.length, b.asked.length]).toEqual(before.map((count) => count + 1));
    expect(await cli.run('sessions', 'undrain', '--host', B)).toMatchObject({ code: 0 });
    expect(b.asked.at(-1)).toMatchObject({ action: 'undrain', targets: [] });
    expect(a.asked).toHaveLength(before[0]! + 1);
  });

  it('tells what is not clear, not there, or refused', async () => {
    expect(await cli.run('sessions', 'stop')).toMatchObject({ code: 2 });
    expect(await cli.run('sessions', 'stop', `${claude}-1`)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`Name one: ${A}/${claude}-1, ${B}/${claude}-1.`) as string,
    });
    expect(await cli.run('sessions', 'stop', `${codex}-7`)).toMatchObject({
      code: 4,
      err: expect.stringContaining(`No session or pool "${codex}-7". Did you mean "${codex}-1"?`) as string,
    });
    a.answers = () => ({ done: [], refused: [`${codex}-1: is at work`] });
    expect(await cli.run('sessions', 'restart', `${codex}-1`)).toMatchObject({
      code: 3,
      err: `${A}/${codex}-1: is at work\n`,
    });
  });

  it('prints how to attach where the terminal is on another machine', async () => {
    a.view = {
      ...a.view,
      sessions: a.view.sessions.map((one) => ({ ...one, attach: 'tmux -L gantry attach -t =x', pid: 1 })),
    };
    await waitUntil(async () => (await hosts())[0]?.view?.sessions[0]?.attach !== undefined);
    expect((await cli.run('sessions', 'attach', `${codex}-1`)).out).toBe(`On ${A}: tmux -L gantry attach -t =x\n`);
    expect(await cli.run('sessions', 'attach', codex)).toMatchObject({ code: 2 });
  });
});

describe('send and queue', () => {
  const send = async (prompt: string, ...more: string[]) => {
    const { out, code, err } = await cli.run('send', prompt, '--target', codex, '--project', 'shop', '--json', ...more);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out) as {
      run: { project: string; runId: string };
      wait: { place: { place: number; of: number; aboutMs: number } };
    };
  };
  let order: string[];

  it('tells each prompt its place and wait, by priority and then by age', async () => {
    const [usual, urgent, last, second] = [
      await send('usual work'),
      await send('urgent work', '--priority', '10'),
      await send('last of all', '--priority', '1'),
      await send('second of the usual', '--priority', '5'),
    ];
    expect(usual.wait.place).toMatchObject({ place: 1, of: 1 });
    expect(urgent.wait.place).toMatchObject({ place: 1, of: 2 });
    expect(last.wait.place).toMatchObject({ place: 3, of: 3 });
    order = [urgent, usual, second, last].map(({ run }) => run.runId);
    const mine = (await queue()).pools.find(({ pool }) => pool === codex)!;
    expect(mine).toMatchObject({ depth: 4, hosts: [A], turnMs: 120_000, sessions: { idle: 0, busy: 2, of: 2 } });
    expect(mine.order.map(({ run, stage, priority }) => [run.runId, stage, priority])).toEqual(
      order.map((runId, index) => [runId, 'prompt', [10, 5, 5, 1][index]]),
    );
    const waits = mine.order.map(({ aboutMs }) => aboutMs!);
    expect(waits).toEqual([...waits].sort((x, y) => x - y));
  });

  it('the server counts as many as were found by looking at runs', async () => {
    const target = { address: process.env['GANTRY_TEST_ADDRESS']!, namespace: 'default', taskQueue: fleet.taskQueue };
    const temporal = await Temporal.connect({ ...target, source: 'the test', connection: {} }, 'tester');
    await waitUntil(async () => (await temporal.queues.depth(codex)) === 4);
    expect(await temporal.queues.depth(claude)).toBe(0);
    await temporal.close();
  });

  it('raises the alert of a pool at 0 %, for people and for programs', async () => {
    const { out, code } = await cli.run('queue', codex);
    expect(code).toBe(0);
    expect(out).toContain(`ALERT no session of ${codex} is idle (busy 2/2); 4 prompts wait`);
    expect(out).toMatch(new RegExp(`${codex} +0 idle +busy 2/2 +4 waiting, the oldest`));
    const { alerts } = await queue();
    expect(alerts.find(({ pool }) => pool === codex)).toMatchObject({ kind: 'none-idle', waiting: 4 });
    expect(alerts.some(({ pool }) => pool === claude)).toBe(false);
  });

  it('shows in the run where its prompt stands, and when the next pool is asked too', async () => {
    const { out } = await cli.run(
      'send',
      'with a chain',
      '--target',
      codex,
      '--chain',
      claude,
      '--project',
      'shop',
      '--json',
    );
    const { run } = JSON.parse(out) as { run: { runId: string } };
    expect((await cli.run('status', run.runId)).out).toMatch(
      new RegExp(
        `prompt +${codex} +waiting .* 4th of 5 in queue, about \\d+ min \\(${codex} busy 2/2\\); ${claude} is asked too in (1m 5\\ds|2m 00s)`,
      ),
    );
    order.splice(3, 0, run.runId);
  });

  it('the server hands them out in the order that was told, also among the least urgent', async () => {
    for (const priority of [2, 4, 3])
      order.push((await send(`priority ${priority}`, '--priority', `${priority}`)).run.runId);
    const told = (await queue()).pools.find(({ pool }) => pool === codex)!.order.map(({ run }) => run.runId);
    const taken = await fleet.take(codex, A);
    await waitUntil(() => taken.length === told.length);
    expect(taken.map(({ run }) => run.runId)).toEqual(told);
    expect((await queue()).pools.find(({ pool }) => pool === codex)).toMatchObject({ depth: 0 });
  });

  it('--wait ends with what the agent said, alone on standard output', async () => {
    const answered = cli.run('send', 'say hello', '--target', codex, '--project', 'shop', '--wait');
    const found = await waitUntil(async () => {
      const runs = JSON.parse((await cli.run('list', '--open', '--json')).out) as {
        run: { project: string; runId: string };
      }[];
      return runs.find(({ run }) => run.runId.startsWith('say-hello-'))?.run;
    });
    await fleet.answer(found!, 'hello');
    const { code, out, err } = await answered;
    expect({ code, out }).toEqual({ code: 0, out: 'hello\n' });
    expect(err).toMatch(/prompt succeeded/);
  });

  it('warns of a pool that nobody serves, and queues for it all the same', async () => {
    const { code, out, err } = await cli.run('send', 'for later', '--target', `codx-${id}`, '--project', 'shop');
    expect(err).toBe(
      `Warning: no host serves "codx-${id}" now. Did you mean "${codex}"? The prompt waits until one does.\n`,
    );
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('1st of 1 in queue') as string });
    const { alerts } = await queue();
    expect(alerts.find(({ pool }) => pool === `codx-${id}`)).toMatchObject({ kind: 'unserved', waiting: 1 });
  });

  it.each([
    [['send', 'x'], 'Name a pool with --target, or say --any.'],
    [['send', 'x', '--any', '--target', 'codex'], '--target and --any exclude each other.'],
    [['send', ' ', '--target', 'codex'], 'The prompt is empty. Nothing was sent.'],
    [['send', '@none.md', '--target', 'codex'], 'no such file'],
    [['send', 'x', '--target', 'Codex!'], '"Codex!" is no name of a pool.'],
    [['send', 'x', '--target', 'codex', '--repo', 'nowhere'], 'there is no such folder'],
    [['send', 'x', '--target', 'codex', '--priority', '11'], '1 (last) to 10 (first)'],
  ])('%j is a mistake of usage', async (argv, message) => {
    expect(await cli.run(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) as string });
  });
});

// Last, since nothing brings the host back.
it('a host whose process is gone is lost since then, and its pool is served by nobody', async () => {
  await a.end();
  const at = Date.now();
  const lost = await waitUntil(async () =>
    (await hosts()).find(({ host, lostSince }) => host === A && lostSince !== undefined),
  );
  expect(Math.abs(lost!.lostSince! - at)).toBeLessThan(5_000);
  expect(lost?.view?.sessions).toHaveLength(3);
  expect((await cli.run('sessions', '--host', A)).out).toMatch(new RegExp(`✗ ${A} +lost since \\d\\d:\\d\\d`));
  expect((await queue()).alerts.find(({ pool }) => pool === codex)).toMatchObject({
    kind: 'unserved',
    text: `nobody serves ${codex}: ${A} is lost`,
  });
  expect(await cli.run('sessions', 'stop', `${codex}-1`)).toMatchObject({
    code: 3,
    err: expect.stringContaining(`Host ${A} is lost`) as string,
  });
  const doctor = JSON.parse((await cli.run('doctor', '--json')).out) as {
    findings: { what: string }[];
  };
  expect(doctor.findings).toEqual(
    expect.arrayContaining([expect.objectContaining({ what: `Host ${A}`, level: 'warn' })]),
  );
});
