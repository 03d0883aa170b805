import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProcess } from '../../../activities/processes/process-table';
import { attach, inspect, startOnce, stopTree } from '../../../activities/processes/supervised';
import { waitUntil } from '../../support/wait-until';

// Real processes. `starter.js` is another Node process that starts one, so that it can be killed.

let dir: string;
let scratch: string;
const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
const sh = (script: string) => ({ dir, argv: ['sh', '-c', script] as [string, ...string[]], cwd: scratch, env });
const pidIn = async (file: string) => {
  const text = await readFile(join(scratch, file), 'utf8').catch(() => '');
  return text.endsWith('\n') ? Number(text) : 0;
};

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gantry-supervised-'));
  dir = join(scratch, 'process');
});

afterEach(async () => {
  await stopTree(dir, { graceMs: 0 });
  await rm(scratch, { recursive: true, force: true });
});

describe('a supervised process', () => {
  it('leaves its output and its exit code', async () => {
    const started = await startOnce({ ...sh('cat; echo problem >&2; exit 7'), stdin: 'from stdin\n' });
    expect(await started.waitForExit()).toEqual({ state: 'exited', exitCode: 7 });
    expect(await readFile(started.logPath, 'utf8')).toBe('from stdin\nproblem\n');
  });

  it('sees the environment and directory it was given, and nothing else', async () => {
    const started = await startOnce({ ...sh('pwd; env'), env: { ...env, WORD: 'two words' } });
    await started.waitForExit();
    const log = await readFile(started.logPath, 'utf8');
    expect(log.split('\n')[0]).toBe(scratch);
    expect(log).toContain('WORD=two words');
    expect(log).not.toContain('JEST_WORKER_ID');
  });

  it('runs once however often and concurrently it is started', async () => {
    const options = sh('echo ran >>runs');
    const all = await Promise.all(Array.from({ length: 8 }, () => startOnce(options)));
    await Promise.all(all.map((one) => one.waitForExit()));
    await (await startOnce(options)).waitForExit();
    expect(await readFile(join(scratch, 'runs'), 'utf8')).toBe('ran\n');
  });

  it('reports a program that does not exist as the shell does', async () => {
    const started = await startOnce({ ...sh(''), argv: ['no-such-program'] });
    expect(await started.waitForExit()).toEqual({ state: 'exited', exitCode: 127 });
  });

  it('cannot start in a directory that is not there, and can once it is', async () => {
    const options = { ...sh('exit 0'), cwd: join(scratch, 'later') };
    await expect(startOnce(options)).rejects.toThrow(/later is not a directory/);
    await mkdir(options.cwd);
    expect(await (await startOnce(options)).waitForExit()).toEqual({ state: 'exited', exitCode: 0 });
  });

  it('names the signal it died of', async () => {
    const started = await startOnce(sh('kill -9 $$'));
    expect(await started.waitForExit()).toEqual({ state: 'exited', exitCode: 137, signal: 'SIGKILL' });
  });
});

describe('after SIGKILL of the process that started it', () => {
  it('runs on, and another process gets its exit code', async () => {
    const starter = await startFromAnotherProcess('while [ ! -e go ]; do sleep 0.05; done; echo done; exit 3');
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    expect(await inspect(dir)).toMatchObject({ state: 'running' });
    const again = await startOnce(sh('echo a second one'));
    await writeFile(join(scratch, 'go'), '');
    expect(await again.waitForExit()).toEqual({ state: 'exited', exitCode: 3 });
    expect(await readFile(again.logPath, 'utf8')).toBe('done\n');
  });
});

describe('the crash window', () => {
  it('between claim and start: it is started', async () => {
    const finished = await startOnce(sh('exit 0'));
    await finished.waitForExit();
    // Back to what a crash after the claim leaves: a claim, and nothing else.
    await unlink(join(dir, 'pid'));
    await unlink(join(dir, 'exit'));
    expect(await inspect(dir)).toEqual({ state: 'absent' });
    const again = await startOnce(sh('exit 4'));
    expect(again.id).toBe(finished.id);
    expect(await again.waitForExit()).toEqual({ state: 'exited', exitCode: 4 });
  });

  it('before the claim: there is nothing to attach to', async () => {
    await mkdir(dir);
    expect(await attach(dir)).toBeUndefined();
    expect(await inspect(dir)).toEqual({ state: 'absent' });
  });

  it('between start and a stop that came first: it never runs', async () => {
    const late = await startOnce(sh('exit 0'));
    await late.waitForExit();
    await unlink(join(dir, 'pid'));
    await unlink(join(dir, 'exit'));
    await stopTree(dir, { graceMs: 0 });
    await startOnce(sh('echo ran >runs'));
    expect(await inspect(dir)).toEqual({ state: 'lost' });
    await expect(readFile(join(scratch, 'runs'))).rejects.toThrow('ENOENT');
  });
});

describe('killed from outside', () => {
  it('is lost, and its children are still found and stopped', async () => {
    const started = await startOnce(sh('sleep 300 & echo $! >child; wait'));
    const child = await waitUntil(() => pidIn('child'));
    const now = await inspect(dir);
    if (now.state !== 'running') throw new Error('not running');
    process.kill(now.pid, 'SIGKILL');
    expect(await started.waitForExit()).toEqual({ state: 'lost' });
    expect(await findProcess(child)).toBeDefined();
    await stopTree(dir, { graceMs: 0 });
    expect(await findProcess(child)).toBeUndefined();
  });

  it('is not mistaken for a stranger that got its pid', async () => {
    const started = await startOnce(sh('exit 0'));
    await started.waitForExit();
    await unlink(join(dir, 'exit'));
    await writeFile(join(dir, 'pid'), `${process.pid}\nsome other birth\n`);
    expect(await inspect(dir)).toEqual({ state: 'lost' });
    await stopTree(dir, { graceMs: 0 }); // and this very process survives it
  });
});

describe('stopping', () => {
  it('lets it end in its own time within the grace', async () => {
    const started = await startOnce(sh('trap "echo cleaned; exit 5" TERM; echo $$ >me; while :; do sleep 0.05; done'));
    await waitUntil(() => pidIn('me'));
    await started.stop({ graceMs: 30_000 });
    expect(await inspect(dir)).toEqual({ state: 'exited', exitCode: 5 });
    expect(await readFile(started.logPath, 'utf8')).toContain('cleaned');
  });

  it('kills what ignores it, down the tree and out of the session', async () => {
    const script = [
      'trap "" TERM',
      'setsid sh -c "echo \\$\\$ >escaped; while :; do sleep 0.1; done" &',
      'setsid env -i sh -c "echo \\$\\$ >bare; while :; do sleep 0.1; done" &',
      '(sh -c "echo \\$\\$ >deep; while :; do sleep 0.1; done")',
    ].join('\n');
    const started = await startOnce(sh(script));
    const pids = await Promise.all(['escaped', 'bare', 'deep'].map((file) => waitUntil(() => pidIn(file))));
    await started.stop({ graceMs: 200 });
    expect(await Promise.all(pids.map(findProcess))).toEqual([undefined, undefined, undefined]);
    expect(await inspect(dir)).toEqual({ state: 'exited', exitCode: 137, signal: 'SIGKILL' });
  });

  it('finds a daemon that was orphaned into a session of its own', async () => {
    const started = await startOnce(sh('(setsid sh -c "echo \\$\\$ >daemon; exec sleep 300" &) ; exit 0'));
    await started.waitForExit();
    const daemon = await waitUntil(() => pidIn('daemon'));
    await started.stop({ graceMs: 100 });
    expect(await findProcess(daemon)).toBeUndefined();
    expect(await inspect(dir)).toEqual({ state: 'exited', exitCode: 0 });
  });

  it('stops nobody else', async () => {
    const bystander = spawn('sleep', ['300'], { detached: true });
    await once(bystander, 'spawn');
    await (await startOnce(sh('sleep 300'))).stop({ graceMs: 1_000 });
    expect(await findProcess(bystander.pid!)).toBeDefined();
    bystander.kill('SIGKILL');
  });

  it('does nothing where there is nothing', async () => {
    await stopTree(join(scratch, 'nowhere'), { graceMs: 0 });
    await expect(readFile(join(scratch, 'nowhere'))).rejects.toThrow('ENOENT');
  });
});

describe('waiting', () => {
  it('ends with the reason of the signal, and the process goes on', async () => {
    const started = await startOnce(sh('while [ ! -e go ]; do sleep 0.05; done'));
    const stop = new AbortController();
    const waiting = started.waitForExit(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(await inspect(dir)).toMatchObject({ state: 'running' });
    await writeFile(join(scratch, 'go'), '');
    expect(await started.waitForExit()).toEqual({ state: 'exited', exitCode: 0 });
  });
});

/** Start the process from a Node process of its own, and wait until that one says it did. */
async function startFromAnotherProcess(script: string) {
  const root = join(__dirname, '../../..');
  await symlink(join(root, 'node_modules'), join(scratch, 'node_modules'));
  const program = `
    const { transformSync } = require('@swc/core');
    require.extensions['.ts'] = (module, file) => module._compile(
      transformSync(require('node:fs').readFileSync(file, 'utf8'), {
        filename: file, jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' },
      }).code, file);
    const { startOnce } = require(${JSON.stringify(join(root, 'activities/processes/supervised.ts'))});
    startOnce(${JSON.stringify(sh(script))}).then(() => { console.log('started'); setInterval(() => {}, 1000); });
  `;
  await writeFile(join(scratch, 'starter.js'), program);
  const starter = spawn(process.execPath, [join(scratch, 'starter.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(starter.stdout, 'data');
  return starter;
}
