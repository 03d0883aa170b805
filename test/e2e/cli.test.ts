import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '../../contracts/run';
import { CliSession, type Said } from '../support/cli-session';
import { LiveSystem } from '../support/live-system';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(180_000);

// The CLI as a person uses it, on a server and a worker process of this file's own.
let system: LiveSystem;
let cli: CliSession;
beforeAll(async () => {
  system = await LiveSystem.start();
  cli = new CliSession({
    TEMPORAL_ADDRESS: system.server.address,
    GANTRY_TASK_QUEUE: system.taskQueue,
    GANTRY_TMUX_SOCKET: system.socket,
    GANTRY_HOME: system.home,
    GANTRY_USER: 'ann',
  });
});
afterAll(async () => {
  cli.end();
  await system.stop();
});

let runs = 0;

/** Start a pipeline under an id of its own, and give the id. */
async function start(source: string, ...more: string[]): Promise<string> {
  const runId = `run-${++runs}`;
  writeFileSync(join(cli.folder, `${runId}.yaml`), `name: feature\n${source}`);
  const said = await cli.run('start', `${runId}.yaml`, '--project', 'shop', '--run-id', runId, ...more);
  expect(said).toMatchObject({ code: 0 });
  return runId;
}

async function view(runId: string): Promise<RunView> {
  return JSON.parse((await cli.run('status', runId, '--json')).out) as RunView;
}

function until(runId: string, condition: (view: RunView) => boolean): Promise<RunView> {
  return waitUntil(
    async () => {
      const now = await view(runId);
      return condition(now) ? now : undefined;
    },
    { timeoutMs: 60_000 },
  ) as Promise<RunView>;
}

const untilStatus = (runId: string, status: RunView['status']) => until(runId, (now) => now.status === status);
const untilStage = (runId: string, key: string, status: string) =>
  until(runId, ({ stages }) => stages.some((stage) => stage.key === key && stage.status === status));

const refused = (text: string): Said => ({ code: 3, out: '', err: expect.stringContaining(text) as string });

const GATED = `
stages:
  approve: { gate: { approvers: [ann, bob], min: 2 } }
  after: { needs: approve, run: 'true', workspace: none }
`;
/** Fails until the file is there. */
const failing = (file: string) => `
stages:
  before: { run: 'echo made > "$F"', workspace: none, env: { F: '${file}.before' }, undo: 'rm "$F"' }
  work: { needs: before, run: 'echo it works on it; test -f "$F"', workspace: none, env: { F: '${file}' } }
  after: { needs: work, run: 'true', workspace: none }
`;

describe('start', () => {
  const file = `
name: feature
inputs:
  request: { type: string, description: what is wanted }
  count: { type: integer, default: 1 }
stages:
  say: { run: 'echo {{ inputs.request }} {{ inputs.count }}', workspace: none }
`;
  beforeAll(() => writeFileSync(join(cli.folder, 'inputs.yaml'), file));

  it('names every mistake in the inputs at once, and starts nothing', async () => {
    const said = await cli.run('start', 'inputs.yaml', '-i', 'cuont=2', '-i', 'count=two');
    expect(said.code).toBe(2);
    expect(said.err).toContain('feature has no input "cuont". Did you mean "count"?');
    expect(said.err).toContain('input "request" is missing. Give it with --input request=text (what is wanted).');
    expect(said.err).toContain('input "count" must be a whole number, got "two"');
    expect(said.err).toContain('Nothing was started.');
    expect((await cli.run('list', '--pipeline', 'feature')).out).toBe('No runs.\n');
  });

  it('gives the inputs to the run, follows it, and ends with its end', async () => {
    const request = ['-i', 'request=memory keys', '-i', 'count=3'];
    const said = await cli.run('start', 'inputs.yaml', '--run-id', 'first', ...request, '--watch');
    expect(said).toMatchObject({ code: 0 });
    expect(said.out).toMatch(/say succeeded/);
    expect((await cli.run('logs', 'first', 'say')).out).toBe('memory keys 3\n');
    expect(await cli.run('start', 'inputs.yaml', '--run-id', 'first', ...request)).toEqual(
      refused('A run with this id is there already.'),
    );
  });
});

describe('approve and reject', () => {
  it('answer a wrong gate, a wrong person, a second vote and a late one, each kept in the trail', async () => {
    const run = await start(GATED);
    await untilStatus(run, 'WAITING');
    expect(await cli.run('approve', run, 'aprove')).toEqual(refused('No gate "aprove" is open on this run.'));
    expect(await cli.run('--as', 'eve', 'approve', run)).toEqual(refused('eve may not decide gate "approve"'));
    expect((await cli.run('approve', run, '-c', 'fine')).out).toBe('Counted. Gate "approve" needs 1 more approval.\n');
    expect(await cli.run('approve', run)).toEqual(refused('ann has voted to approve already; it is counted.'));
    expect(await cli.run('reject', run)).toEqual(refused('ann has voted to approve already and cannot take it back.'));
    expect(await cli.run('--as', 'bob', 'approve', run, 'approve')).toMatchObject({ code: 0 });
    await untilStatus(run, 'SUCCESS');
    expect(await cli.run('approve', run)).toEqual(refused('The run has ended (SUCCESS): no vote counts any more.'));
    const trail = (await cli.run('audit', run)).out;
    expect(trail).toMatch(/gate\.refused-vote +ann +approve: No gate "aprove" is open/);
    expect(trail).toMatch(/gate\.refused-vote +eve +approve: eve may not decide/);
    expect(trail).toMatch(/gate\.voted +ann +approve +approve: fine/);
    expect(trail.match(/gate\.refused-vote/g)).toHaveLength(4);
    expect(await cli.run('audit', run, '--check')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/✓ +votes +6 in the trail +6 in the history/) as string,
    });
  });

  it('reach the gates of nested runs through the run that nests them', async () => {
    const run = await start(`
stages:
  inner: { pipeline: sub }
  approve: { needs: inner, gate: {} }
pipelines:
  sub:
    stages:
      approve: { gate: {} }
      sign: { needs: approve, gate: {} }
`);
    const waitsFor = (gate: string) =>
      waitUntil(async () => (await cli.run('status', run)).out.includes(`gantry approve ${run} ${gate} `), {
        timeoutMs: 60_000,
      });
    await waitsFor('inner/approve');
    expect(await cli.run('approve', run, 'deploy')).toEqual(refused('Open: inner/approve (anybody).'));
    expect(await cli.run('approve', run, 'inner/approve')).toMatchObject({ code: 0 });
    await waitsFor('inner/sign');
    expect(await cli.run('approve', run, 'sign')).toMatchObject({ code: 0 });
    await waitsFor('approve');
    expect(await cli.run('approve', run)).toMatchObject({ code: 0 });
    await untilStatus(run, 'SUCCESS');
  });
});

describe('requests to an open run', () => {
  it('pause, go on and change the place of a run, and say no where that makes no sense', async () => {
    const run = await start(GATED);
    await untilStatus(run, 'WAITING');
    expect((await cli.run('pause', run, '-c', 'lunch')).out).toBe('Paused. 1 at work will finish.\n');
    expect(await cli.run('pause', run)).toEqual(refused('The run is paused already.'));
    expect((await cli.run('status', run)).out).toContain(`Go on with gantry resume ${run}.`);
    expect((await cli.run('resume', run)).out).toBe('The run goes on.\n');
    expect(await cli.run('resume', run)).toEqual(refused('The run is not paused'));
    expect((await cli.run('priority', run, '1')).out).toBe('Priority is 1 for prompts not yet sent.\n');
    expect((await cli.run('priority', run, '11')).code).toBe(2);
    expect((await view(run)).priority).toBe(1);
    expect((await cli.run('list', '--open')).out).toMatch(new RegExp(`${run} .*WAITING +waits for approve`));
    expect((await cli.run('audit', run)).out).toMatch(/run\.paused +ann +lunch/);
    expect((await cli.run('audit', run, '--check')).code).toBe(0);
    await cli.run('cancel', run, '--yes');
  });

  it('cancel takes all back, by name and reason, and Temporal shows the run as canceled', async () => {
    const may = join(system.root, 'may-take-back');
    const run = await start(`
stages:
  made: { run: 'true', undo: 'while [ ! -f "$F" ]; do sleep 0.1; done', workspace: none, env: { F: '${may}' } }
  approve: { needs: made, gate: {} }
`);
    await untilStatus(run, 'WAITING');
    expect((await cli.run('cancel', run, '--yes', '-c', 'not now')).out).toBe(
      'Cancelling: 1 at work, 1 to take back.\n',
    );
    expect(await cli.run('cancel', run, '--yes')).toEqual(refused('The run is taking back what it did already.'));
    writeFileSync(may, '');
    await untilStatus(run, 'CANCELLED');
    const client = await system.client();
    expect((await client.workflow.getHandle(`run/shop/${run}`).describe()).status.name).toBe('CANCELLED');
    const trail = (await cli.run('audit', run)).out;
    expect(trail).toMatch(/run\.cancel-requested +ann +not now/);
    expect(trail.match(/cancel-requested/g)).toHaveLength(1);
    expect((await cli.run('audit', run, '--check')).code).toBe(0);
    for (const [command, ...options] of [['cancel', '--yes'], ['pause'], ['resume'], ['rollback', '--yes']] as const) {
      expect({ command, ...(await cli.run(command, run, ...options)) }).toMatchObject({ code: 3, out: '' });
    }
  });
});

describe('a run that has ended', () => {
  it('is resumed after PARTIAL_SUCCESS with what finished kept, and is final afterwards', async () => {
    const may = join(system.root, 'may-resume');
    const run = await start(failing(may));
    await untilStatus(run, 'PARTIAL_SUCCESS');
    expect((await cli.run('logs', run, 'work')).out).toBe('it works on it\n');
    expect((await cli.run('status', run)).out).toContain(`Go on with gantry resume ${run}`);
    writeFileSync(may, '');
    const said = await cli.run('resume', run, '--watch');
    expect(said).toMatchObject({
      code: 0,
      out: expect.stringContaining('Goes on; 1 finished stage is kept.') as string,
    });
    expect(said.out.split('\n\n')[0]).not.toContain('before succeeded');
    expect((await view(run)).stages.map(({ key, turn }) => [key, turn])).toEqual([
      ['before', 1],
      ['work', 2],
      ['after', 1],
    ]);
    expect(await cli.run('resume', run)).toEqual(refused('Not resumed: SUCCESS is final: every stage ended well.'));
    expect((await cli.run('audit', run, '--check')).out).toContain('the histories of 2 executions agree');
  });

  it('is not resumed after COMPLETED_DEGRADED, and a stage of it is tried again', async () => {
    const may = join(system.root, 'may-retry');
    const run = await start(`
stages:
  flaky: { run: 'test -f "$F"', workspace: none, env: { F: '${may}' }, on-failure: continue }
  after: { needs: flaky, run: 'true', workspace: none }
`);
    await untilStatus(run, 'COMPLETED_DEGRADED');
    const said = await cli.run('resume', run);
    expect(said).toEqual(refused('Not resumed: COMPLETED_DEGRADED is final: every stage ran'));
    expect(said.err).toContain(`gantry retry ${run} --from STAGE`);
    expect((await cli.run('retry', run, '--from', 'flakey')).code).toBe(4);
    writeFileSync(may, '');
    expect(await cli.run('retry', run, '--watch')).toMatchObject({ code: 0 });
    expect((await view(run)).status).toBe('SUCCESS');
  });

  it('gets a worktree again when a stage that needs one is tried again', async () => {
    const run = await start(`stages: { only: { run: 'test -f server.mjs' } }`, '--repo', system.repository);
    await untilStatus(run, 'SUCCESS');
    expect(await cli.run('retry', run, '--from', 'only', '--watch')).toMatchObject({ code: 0 });
    expect((await view(run)).stages).toMatchObject([{ status: 'succeeded', turn: 2 }]);
  });

  it('says that it serves and how that is stopped, and a rollback to the stage before stops it', async () => {
    const run = await start(
      `
ports: [web]
stages:
  before: { run: 'true' }
  deploy:
    needs: before
    service: { name: web, run: node server.mjs, port: '{{ run.ports.web }}' }
    env: { PORT: '{{ run.ports.web }}' }
    check: { http: 'http://127.0.0.1:{{ run.ports.web }}/' }
`,
      '--repo',
      system.repository,
    );
    const ended = await untilStatus(run, 'SUCCESS');
    const url = `http://127.0.0.1:${ended.workspace?.ports['web']}/`;
    expect((await cli.run('status', run)).out).toContain(`Stop it with gantry rollback ${run} --to before`);
    expect((await fetch(url)).status).toBe(200);
    expect((await cli.run('rollback', run, '--yes', '--to', 'nothing')).code).toBe(4);
    expect(await cli.run('rollback', run, '--yes', '--to', 'before', '--watch')).toMatchObject({ code: 0 });
    await expect(fetch(url)).rejects.toThrow();
    expect((await view(run)).stages.map(({ status }) => status)).toEqual(['succeeded', 'undone']);
    expect((await cli.run('status', run)).out).not.toContain('Stop it');
    expect(await cli.run('audit', run, '--check')).toMatchObject({ code: 0 });
  });

  it('is replayed, step by step', async () => {
    const said = await cli.run('replay', 'first');
    expect(said).toMatchObject({ code: 0 });
    expect(said.out).toMatch(/activity task scheduled +runCommand/);
    expect(said.out).toContain('the workflows of today do the same');
  });
});

describe('logs', () => {
  it('of a command at work are what it says now, without its secrets', async () => {
    const may = join(system.root, 'may-end');
    const run = await start(`
stages:
  slow: { run: 'echo half way; while [ ! -f "$F" ]; do sleep 0.1; done', workspace: none, env: { F: '${may}' } }
`);
    await untilStage(run, 'slow', 'running');
    const said = await waitUntil(async () => {
      const { out } = await cli.run('logs', run, 'slow');
      return out.includes('half way') ? out : undefined;
    });
    expect(said).toMatch(/^half way\nAt work on worker@.*: for \d+ s\n$/);
    writeFileSync(may, '');
    await untilStatus(run, 'SUCCESS');
    expect((await cli.run('logs', run, 'slow')).out).toBe('half way\n');
  });

  it('of an agent at work say where a person can attach', async () => {
    const run = await start(
      `stages: { implement: { agent: coder, prompt: work, contract: { commits: '1' } } }`,
      '--repo',
      system.repository,
    );
    await waitUntil(
      async () => (await cli.run('logs', run, 'implement')).out.includes(`tmux -L ${system.socket} attach -t =`),
      { timeoutMs: 60_000 },
    );
    writeFileSync(system.mayFinish, '');
    await untilStatus(run, 'SUCCESS');
  });
});

describe('what is not there', () => {
  it('is said so: a run, a stage, a server', async () => {
    expect(await cli.run('status', 'frist')).toMatchObject({
      code: 4,
      err: expect.stringContaining('first') as string,
    });
    expect((await cli.run('logs', 'first', 'sya')).code).toBe(4);
    const away = await cli.run('--address', '127.0.0.1:1', 'list');
    expect(away).toMatchObject({ code: 5, err: expect.stringContaining('Start one with `gantry dev`') as string });
    const json = await cli.run('status', 'frist', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ error: { kind: 'NotFoundError', exitCode: 4 } });
  });

  it('is said so: a worker; what Temporal itself knows is shown all the same', async () => {
    const run = await start(GATED);
    await untilStatus(run, 'WAITING');
    await system.endWorker('SIGTERM');
    const said = await cli.run('status', run);
    expect(said).toMatchObject({ code: 5 });
    expect(said.err).toContain('waits for approve');
    expect(said.err).toContain(`No worker answers on task queue "${system.taskQueue}". The run is safe`);
    expect((await cli.run('approve', run, 'approve', '--no-wait')).out).toContain('It counts once a worker reads it');
    await system.startWorker();
    await until(run, ({ gates }) => gates[0]?.votes.length === 1);
    await cli.run('cancel', run, '--yes');
  });
});
