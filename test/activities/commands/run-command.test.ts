import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { CommandResult, RunCommandInput } from '../../../contracts/activities';
import { createHostActivities, type HostActivities } from '../../../activities/host-activities';
import type { Host } from '../../../activities/host';
import { findProcess } from '../../../activities/processes/process-table';
import { inspect } from '../../../activities/processes/supervised';
import { compileSources } from '../../support/compile-sources';
import { CANARY, hostOptions, removeTemporary, temporaryDirectory, temporaryHost } from '../../support/temporary-home';
import { waitUntil } from '../../support/wait-until';

// Real commands. A killed worker is a Node process of its own that gets SIGKILL.

const RUN = { project: 'calculator', runId: 'run-1' };
let root: string;
let host: Host;
let activities: HostActivities;
let order: RunCommandInput;
let compiled: string;

beforeAll(() => {
  compiled = compileSources('run-command', ['contracts', 'activities', 'test/support']);
});
afterAll(() => rm(compiled, { recursive: true, force: true }));
beforeEach(async () => {
  root = await temporaryDirectory();
  host = temporaryHost(root);
  activities = createHostActivities(hostOptions(root));
  const nowhere = { repository: root, branch: 'main', base: 'main', baseCommit: '', ports: {} };
  order = {
    run: RUN,
    executionId: 'test[18,"linux"]#1.1/run',
    command: { command: 'true', env: {}, secrets: [] },
    workspace: { ...nowhere, path: root },
    timeoutMs: 60_000,
  };
});
afterEach(() => removeTemporary(root));

const directory = () => host.paths.command(RUN.runId, order.executionId);
const script = (command: string, more: Partial<RunCommandInput> = {}): RunCommandInput => ({
  ...order,
  ...more,
  command: { ...order.command, ...more.command, command },
});
const run = (command: string, more?: Partial<RunCommandInput>) => activities.runCommand(script(command, more));
const inline = ({ log }: CommandResult) => ('inline' in log ? log.inline : fail('stored'));
const fail = (message: string): never => {
  throw new Error(message);
};
const pidIn = async (file: string) => Number(await readFile(join(root, file), 'utf8').catch(() => '0'));

describe('a command', () => {
  it('gives its exit code and its log', async () => {
    const result = await run('echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({ exitCode: 3, timedOut: false, log: { inline: 'out\nerr\n' } });
    expect(result.durationMs).toBeGreaterThanOrEqual(0);
  });

  it('stops at its first failing line', async () => {
    expect(await run('echo one\nfalse\necho two')).toMatchObject({ exitCode: 1, log: { inline: 'one\n' } });
  });

  it('runs in the workspace, or in a directory of its own', async () => {
    expect(inline(await run('pwd'))).toBe(`${root}\n`);
    const { workspace: _, ...homeless } = order;
    const elsewhere = { ...homeless, executionId: 'other', command: { ...order.command, command: 'pwd; ls -A' } };
    expect(inline(await activities.runCommand(elsewhere))).toBe(`${host.paths.command(RUN.runId, 'other')}/work\n`);
  });

  it('gets values only as variables, whatever they hold', async () => {
    const value = `"; touch ${root}/pwned; $(touch ${root}/pwned) \`touch ${root}/pwned\` '\n-n`;
    const result = await run('printf %s "$GANTRY_V1"', { command: { ...order.command, env: { GANTRY_V1: value } } });
    expect(inline(result)).toBe(value);
    expect(existsSync(join(root, 'pwned'))).toBe(false);
  });

  it('sees secrets only when it names them, and no other key of the worker', async () => {
    const environment = { ...process.env, ANTHROPIC_API_KEY: 'a-provider-key' };
    const { runCommand } = createHostActivities(hostOptions(root, { environment }));
    const first = await runCommand(script('env; echo "[$DEPLOY_TOKEN]"'));
    expect(inline(first)).toContain('\n[]\n');
    expect(inline(first)).not.toContain('a-provider-key');
    const named = { ...order.command, secrets: ['DEPLOY_TOKEN'] };
    const length = await runCommand(script('echo ${#DEPLOY_TOKEN}', { executionId: '2', command: named }));
    expect(inline(length)).toBe(`${CANARY.length}\n`);
    const unknown = runCommand(script('true', { executionId: '3', command: { ...named, secrets: ['NOPE'] } }));
    await expect(unknown).rejects.toMatchObject({ type: 'Secret.Missing', nonRetryable: true });
  });

  it('runs once per execution id, and again for another', async () => {
    const first = await run('echo ran >>runs');
    expect(await run('echo ran >>runs')).toEqual(first);
    await run('echo ran >>runs', { executionId: 'test[18,"linux"]#1.2/run' });
    expect(await readFile(join(root, 'runs'), 'utf8')).toBe('ran\nran\n');
  });

  it('says so when its worktree is gone', async () => {
    const workspace = { ...order.workspace!, path: join(root, 'gone') };
    await expect(run('true', { workspace })).rejects.toMatchObject({ type: 'Git.Failed' });
  });

  it('may write a log of 50 MB', async () => {
    const { log } = await run(
      'yes 0123456789012345678901234567890123456789012345678901234567890123 | head -c 52428800; echo END',
    );
    if ('inline' in log) throw new Error('inline');
    expect(log.bytes).toBe(52_428_800 + 4);
    expect(log.tail.endsWith('END\n')).toBe(true);
  });
});

describe('a timeout', () => {
  it('ends the command with all its children, and a second try says the same', async () => {
    const result = await run('sleep 300 & echo $! >child; echo started; wait', { timeoutMs: 1_500 });
    expect(result).toMatchObject({ timedOut: true, log: { inline: expect.stringMatching(/^started\n/) as string } });
    expect(await findProcess(await pidIn('child'))).toBeUndefined();
    expect(await run('echo again', { timeoutMs: 1_500 })).toEqual(result);
  });

  it('is counted from the first try', async () => {
    const patient = new MockActivityEnvironment();
    const first = patient.run(activities.runCommand, script('echo $$ >pid; sleep 300', { timeoutMs: 2_000 }));
    const pid = await waitUntil(() => pidIn('pid'));
    patient.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(first).rejects.toThrow('WORKER_SHUTDOWN');
    await waitUntil(async () => Date.now() > (await stat(join(directory(), 'started'))).mtimeMs + 2_000);
    expect(await run('', { timeoutMs: 2_000 })).toMatchObject({ timedOut: true });
    expect(await findProcess(pid)).toBeUndefined();
  });
});

describe('cancelling', () => {
  it('ends the command with all its children when somebody asked for it', async () => {
    const environment = new MockActivityEnvironment();
    const running = environment.run(activities.runCommand, script('sleep 300 & echo $! >child; wait'));
    const child = await waitUntil(() => pidIn('child'));
    environment.cancel();
    await expect(running).rejects.toThrow('CANCELLED');
    expect(await findProcess(child)).toBeUndefined();
    expect((await inspect(directory())).state).toBe('exited');
  });

  it.each(['workerShutdown', 'timedOut', 'paused', 'reset', 'notFound'])('leaves it running on %s', async (reason) => {
    const environment = new MockActivityEnvironment();
    const running = environment.run(
      activities.runCommand,
      script('echo $$ >pid; while [ ! -e go ]; do sleep 0.05; done; echo done'),
    );
    await waitUntil(() => pidIn('pid'));
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ [reason]: true }));
    await expect(running).rejects.toThrow('WORKER_SHUTDOWN');
    await writeFile(join(root, 'go'), '');
    expect(await run('echo a second one')).toMatchObject({ exitCode: 0, log: { inline: 'done\n' } });
  });

  it('heartbeats while the command is silent', async () => {
    const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 200 });
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    const running = environment.run(activities.runCommand, script('while [ ! -e go ]; do sleep 0.05; done'));
    await waitUntil(() => beats.length >= 5);
    await writeFile(join(root, 'go'), '');
    expect(await running).toMatchObject({ exitCode: 0 });
  });
});

describe('when the worker is killed', () => {
  it('during the command, a second try waits for the same one', async () => {
    const worker = await inWorker(script('echo ran >>runs; while [ ! -e go ]; do sleep 0.05; done; echo done; exit 4'));
    await waitUntil(() => existsSync(join(root, 'runs')));
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    const again = run('echo a second one');
    await writeFile(join(root, 'go'), '');
    expect(await again).toMatchObject({ exitCode: 4, log: { inline: 'done\n' } });
    expect(await readFile(join(root, 'runs'), 'utf8')).toBe('ran\n');
  });

  it('and the command ended meanwhile, a second try reads its end', async () => {
    const worker = await inWorker(script('echo ran >>runs; while [ ! -e go ]; do sleep 0.05; done; exit 4'));
    await waitUntil(() => existsSync(join(root, 'runs')));
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await writeFile(join(root, 'go'), '');
    await waitUntil(async () => (await inspect(directory())).state === 'exited');
    expect(await run('echo a second one')).toMatchObject({ exitCode: 4 });
  });

  it('at any moment at all, the command runs exactly once', async () => {
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const execution = { executionId: `kill-${attempt}` };
      const worker = await inWorker(script(`echo ran >>runs-${attempt}`, execution));
      const dir = host.paths.command(RUN.runId, execution.executionId);
      const moments = ['started', 'script', 'claim', 'stdin', 'pid', 'exit', 'out', 'out/log'];
      await waitUntil(() => existsSync(join(dir, moments[attempt]!)), { everyMs: 1 });
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      expect(await run(`echo ran >>runs-${attempt}`, execution)).toMatchObject({ exitCode: 0 });
      expect(await readFile(join(root, `runs-${attempt}`), 'utf8')).toBe('ran\n');
    }
  });

  it('with the command, it is lost, and says what it had written', async () => {
    const worker = await inWorker(script('echo half; echo $$ >pid; sleep 300'));
    const pid = await waitUntil(() => pidIn('pid'));
    const state = await inspect(directory());
    worker.kill('SIGKILL');
    process.kill((state as { pid: number }).pid, 'SIGKILL');
    const lost = { type: 'Command.Lost', nonRetryable: true, details: [{ evidence: { inline: 'half\n' } }] };
    await expect(run('true')).rejects.toMatchObject(lost);
    expect(await findProcess(pid)).toBeUndefined();
  });
});

describe('$GANTRY_OUTPUT', () => {
  const output = { title: 'string', files: ['string'], 'risk?': 'low | high' };

  it('is read as the declared shape', async () => {
    const result = await run(`echo '{"title":"a","files":["b"],"risk":"low"}' >$GANTRY_OUTPUT`, { output });
    expect(result.output).toEqual({ title: 'a', files: ['b'], risk: 'low' });
  });

  it.each([
    ['nothing', 'true', /wrote nothing/],
    ['no JSON', 'echo hello >$GANTRY_OUTPUT', /not JSON/],
    ['another shape', `echo '{"title":1,"files":[]}' >$GANTRY_OUTPUT`, /title/],
    ['too much', 'yes | head -c 20000000 >$GANTRY_OUTPUT', /20000000 bytes/],
  ])('is refused when it holds %s', async (_, command, message) => {
    const refused = { type: 'Stage.OutputInvalid', message: expect.stringMatching(message) as string };
    await expect(run(command, { output })).rejects.toMatchObject(refused);
  });

  it('is not asked of a command that failed', async () => {
    expect(await run('exit 2', { output })).toMatchObject({ exitCode: 2 });
  });
});

describe('a secret', () => {
  it('is in no log, artifact, output or file once the command is over', async () => {
    const command = { ...order.command, secrets: ['DEPLOY_TOKEN'] };
    const leak = [
      'echo "token $DEPLOY_TOKEN"; printf %s "user:$DEPLOY_TOKEN" | base64',
      'i=0; while [ $i -lt 2000 ]; do echo "line $i $DEPLOY_TOKEN"; i=$((i+1)); done',
      `printf '{"token":"%s"}' "$DEPLOY_TOKEN" >$GANTRY_OUTPUT`,
    ].join('\n');
    const result = await run(leak, { command, output: { token: 'string' } });
    expect(result.output).toEqual({ token: '***' });
    expect(JSON.stringify(result)).not.toContain(CANARY);
    const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const holding: string[] = [];
    for (const { parentPath, name } of files) {
      const content = await readFile(join(parentPath, name), 'latin1');
      if (content.includes(CANARY)) holding.push(name);
    }
    expect(holding).toEqual([]);
  });
});

async function inWorker(input: RunCommandInput) {
  const request = join(root, `request-${input.executionId.replace(/\W/g, '')}.json`);
  const { home } = hostOptions(root);
  await writeFile(request, JSON.stringify({ home, secrets: {}, activity: 'runCommand', input }));
  return spawn(process.execPath, [join(compiled, 'test/support/host-once.js'), request], { stdio: 'inherit' });
}
