import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isAlive } from '../../../client/home';
import { supervise, type Supervised } from '../../../client/server/supervise';
import { waitUntil } from '../../support/wait-until';

let folder: string;
let supervised: Supervised | undefined;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'gantry-supervise-'))));
afterEach(async () => {
  await supervised?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(script: string, deaths: string[] = []): Supervised {
  return supervise({
    program: '/bin/sh',
    args: ['-c', script],
    env: process.env,
    logFile: path.join(folder, 'log'),
    onDeath: ({ how }) => deaths.push(how),
  });
}

it('a killed program is started again, and its end is told', async () => {
  const deaths: string[] = [];
  supervised = run('exec sleep 600', deaths);
  const first = supervised.pid!;
  supervised.kill();
  await waitUntil(() => supervised!.pid !== undefined && supervised!.pid !== first);
  expect(isAlive(supervised.pid!)).toBe(true);
  expect({ deaths, restarts: supervised.restarts }).toEqual({ deaths: ['SIGKILL'], restarts: 1 });
});

it('one that dies at once is started again later each time', async () => {
  const waits: number[] = [];
  supervised = supervise({
    ...{ program: '/bin/sh', args: ['-c', 'echo gone; exit 3'], env: process.env, logFile: path.join(folder, 'log') },
    onDeath: ({ againInMs }) => waits.push(againInMs),
  });
  await waitUntil(() => waits.length >= 3);
  expect(waits.slice(0, 3)).toEqual([200, 400, 800]);
  expect(readFileSync(path.join(folder, 'log'), 'utf8')).toMatch(/^gone\n/);
});

it('one that is stopped stays down', async () => {
  const deaths: string[] = [];
  const stopping = run('exec sleep 600', deaths);
  const pid = stopping.pid!;
  await stopping.stop();
  expect({ alive: isAlive(pid), deaths }).toEqual({ alive: false, deaths: [] });
});

it('one that cannot be started is told like a death', async () => {
  const deaths: string[] = [];
  supervised = supervise({
    ...{ program: path.join(folder, 'none'), args: [], env: process.env, logFile: path.join(folder, 'log') },
    onDeath: ({ how }) => deaths.push(how),
  });
  await waitUntil(() => deaths.length > 0);
  expect(deaths[0]).toContain('ENOENT');
});
