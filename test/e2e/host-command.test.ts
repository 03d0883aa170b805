import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../client/home';
import type { Host } from '../../client/temporal';
import { CliSession } from '../support/cli-session';
import { compileSources } from '../support/compile-sources';
import { LiveSystem } from '../support/live-system';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(180_000);

// `gantry host` as a person runs it: a process that is interrupted, and killed, with real agents in real terminals.
let system: LiveSystem;
let cli: CliSession;
let env: Record<string, string>;
let host: ChildProcess | undefined;
beforeAll(async () => {
  system = await LiveSystem.start([], { GANTRY_ROLES: 'runs' });
  env = {
    TEMPORAL_ADDRESS: system.server.address,
    GANTRY_TASK_QUEUE: system.taskQueue,
    GANTRY_TMUX_SOCKET: system.socket,
    GANTRY_HOME: system.home,
    GANTRY_AGENTS: system.writeAgents('fleet', {
      coder: system.agent(['--commits', '0']),
      maker: system.agent(['--commits', '2']),
    }),
    GANTRY_WORKFLOW_BUNDLE: process.env['GANTRY_WORKFLOW_BUNDLE']!,
  };
  cli = new CliSession(env);
});
afterEach(async () => {
  if (host?.exitCode === null && host.signalCode === null) await leave('SIGINT');
  rmSync(system.mayFinish, { force: true });
});
afterAll(async () => {
  cli.end();
  await system.stop();
});

/** Start the command, and give what it says until the host serves. */
async function serve(...more: string[]): Promise<{ said: string; process: ChildProcess }> {
  const main = join(
    compileSources('cli', ['contracts', 'activities', 'workers', 'client']),
    'client',
    'cli',
    'main.js',
  );
  const started = spawn(process.execPath, [main, 'host', '--pool', 'coder=1', '--name', 'box', ...more], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  host = started;
  const output = { said: '', process: started };
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (output.said += String(chunk)));
  await waitUntil(() => output.said.includes('Host box serves.') || started.exitCode !== null, { timeoutMs: 60_000 });
  return output;
}

async function leave(signal: NodeJS.Signals): Promise<void> {
  host!.kill(signal);
  if (host!.exitCode === null && host!.signalCode === null) await once(host!, 'exit');
}

/** The process that the command looks after. */
function child(): number {
  const { childPid } = JSON.parse(readFileSync(join(system.home, 'server', 'host-box.json'), 'utf8')) as {
    childPid: number;
  };
  return childPid;
}

async function box(): Promise<Host | undefined> {
  return (JSON.parse((await cli.run('sessions', '--json')).out) as Host[]).find((one) => one.host === 'box');
}

async function untilState(state: string): Promise<void> {
  await waitUntil(async () => (await box())?.view?.sessions[0]?.state === state, { timeoutMs: 60_000 });
}

const promptsTaken = () => system.agentEntries('prompt').length;
const mayFinish = () => writeFileSync(system.mayFinish, '');

it('says what it serves, and refuses a second one of its name', async () => {
  const { said } = await serve();
  expect(said).toMatch(/coder +1 of coder/);
  expect(said).toContain('gantry sessions attach box/coder-1');
  expect(said).toContain(join(system.home, 'logs', 'host-box.log'));
  expect(await cli.run('host', '--pool', 'coder=1', '--name', 'box')).toEqual({
    ...{ code: 3, out: '' },
    err: 'A host "box" serves already.\nSee it with `gantry sessions`, or give this one a name of its own with --name.\n',
  });
});

it('a prompt for a repository leaves its work on the branch of its run', async () => {
  await serve('--pool', 'maker=1');
  await waitUntil(async () => (await box())?.view?.sessions.every(({ state }) => state === 'idle'));
  mayFinish();
  const said = await cli.run(
    'send',
    'make something',
    '--target',
    'maker',
    '--repo',
    system.repository,
    '--base',
    'main',
    '--wait',
  );
  expect(said).toMatchObject({ code: 0, out: 'did: make something\n' });
  const branch = /Its work is on branch (\S+) \(2 commits\)\./.exec(said.err)?.[1];
  expect(system.git('rev-list', '--count', `main..${branch}`)).toBe('2');
});

it('interrupted, it leaves no agent behind that idles', async () => {
  await serve();
  await untilState('idle');
  const agents = () => system.agentEntries('started').flatMap(({ pid }) => pid ?? []);
  expect(agents().filter(isAlive)).toHaveLength(1);
  await leave('SIGINT');
  expect(agents().filter(isAlive)).toEqual([]);
});

it('its process killed: it is started again, finds its agent at work, and the prompt was taken once', async () => {
  const before = promptsTaken();
  const { process: started } = await serve();
  const answered = cli.run('send', 'outlive the host', '--target', 'coder', '--wait');
  await untilState('working');
  const first = child();
  process.kill(first, 'SIGKILL');
  await waitUntil(() => child() !== first, { timeoutMs: 30_000 });
  expect(started.exitCode).toBeNull();
  await untilState('working');
  mayFinish();
  expect(await answered).toMatchObject({ code: 0 });
  expect(promptsTaken()).toBe(before + 1);
});

it('the command itself killed: its next start takes over what it left behind', async () => {
  await serve();
  const left = child();
  await leave('SIGKILL');
  const { said } = await serve();
  expect(said).toContain(`Ending what a killed gantry host left behind (process ${left})`);
  expect(() => process.kill(left, 0)).toThrow('ESRCH');
});

it('--drain waits for the agent at work, takes nothing new, and works again at its next start', async () => {
  const output = await serve('--drain');
  const answered = cli.run('send', 'to the end', '--target', 'coder', '--wait');
  await untilState('working');
  host!.kill('SIGINT');
  await waitUntil(() => output.said.includes('Waiting for coder-1'));
  await waitUntil(async () => (await box())?.view?.sessions[0]?.draining === true);
  const second = JSON.parse((await cli.run('send', 'for the next start', '--target', 'coder', '--json')).out) as {
    run: { runId: string };
    wait: { place: { place: number } };
  };
  expect(second.wait.place.place).toBe(1);
  mayFinish();
  expect(await answered).toMatchObject({ code: 0 });
  if (host!.exitCode === null) await once(host!, 'exit');
  expect(output.said).toContain('Host box leaves.');
  expect(await box()).toBeUndefined();
  await serve();
  expect(await cli.run('status', second.run.runId, '--watch')).toMatchObject({ code: 0 });
});
