import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isAlive } from '../../../client/home';
import { findTemporalCli } from '../../../client/server/find-temporal';
import { startServer, type RunningServer } from '../../../client/server/start-server';
import { Temporal } from '../../../client/temporal';
import { pipeline } from '../../support/pipelines';

const definition = pipeline({ stages: { a: { run: 'true', workspace: 'none' } } });
let folder: string;
let running: RunningServer | undefined;
let executable: string;

beforeAll(async () => {
  executable = (await findTemporalCli({ env: process.env, progress: () => undefined, install: false })).path;
});
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'gantry-server-'))));
afterEach(async () => {
  await running?.kill();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const options = () => ({ executable, logFile: path.join(folder, 'server.log') });

function connect({ address, namespace }: RunningServer): Promise<Temporal> {
  return Temporal.connect({ address, namespace, taskQueue: 'gantry', source: 'the test', connection: {} }, 'test');
}

it('serves with search attributes registered by the time it is started, and ends on request', async () => {
  running = await startServer({ ...options(), uiPort: false });
  const temporal = await connect(running);
  expect(await temporal.server.missingSearchAttributes()).toEqual([]);
  await temporal.close();
  await running.stop();
  expect(isAlive(running.pid)).toBe(false);
});

it('keeps runs through SIGKILL, on the same ports and file', async () => {
  running = await startServer({ ...options(), uiPort: false, dbFile: path.join(folder, 'state', 'temporal.db') });
  const before = await connect(running);
  const run = { project: 'p', runId: 'kept-1' };
  const input = {
    run,
    definition,
    inputs: {},
    mode: 'fix_forward',
    priority: 3,
    startedBy: 'test',
  } as const;
  await before.runs.start(input, { again: false, details: 'a test' });
  await before.close();

  await running.kill();
  const { address, pid } = running;
  running = await running.again();
  expect({ address: running.address, same: running.pid === pid }).toEqual({ address, same: false });

  const after = await connect(running);
  expect(await after.runs.describe(run)).toMatchObject({ run, open: true, pipeline: definition.name });
  expect(await after.runs.inputOf(run)).toEqual(input);
  await after.close();
});

it('a server that cannot start says why with the end of its log, and leaves no process', async () => {
  const dbFile = path.join(folder, 'temporal.db');
  writeFileSync(dbFile, 'no database at all, and long enough to be taken for one'.repeat(100));
  const failing = startServer({ ...options(), uiPort: false, dbFile });
  await expect(failing).rejects.toMatchObject({
    exit: 'unreachable',
    message: expect.stringMatching(/did not start[^]*not a database/) as string,
  });
});
