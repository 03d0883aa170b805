import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartServiceInput } from '../../../contracts/activities';
import { createHostActivities, type HostActivities } from '../../../activities/host-activities';
import type { Host } from '../../../activities/host';
import { allotPorts } from '../../../activities/ports/port-blocks';
import { findProcess } from '../../../activities/processes/process-table';
import { GitRepository } from '../../support/git-repository';
import { CANARY, hostOptions, removeTemporary, temporaryDirectory, temporaryHost } from '../../support/temporary-home';
import { waitUntil } from '../../support/wait-until';

// Real HTTP services of a real repository. The page says which release it is.

const RUN = { project: 'calculator', runId: 'run-1' };
const SERVER = `require('node:http').createServer((_, response) => response.end(require('node:fs').readFileSync('page.txt')))
  .listen(Number(process.env.PORT), '127.0.0.1')`;
let root: string;
let host: Host;
let activities: HostActivities;
let repo: GitRepository;
let port: number;

beforeEach(async () => {
  root = await temporaryDirectory();
  host = temporaryHost(root);
  activities = createHostActivities(hostOptions(root));
  repo = GitRepository.create(join(root, 'repo'));
  repo.commit({ 'server.js': SERVER, 'page.txt': 'one' });
  port = (await allotPorts(host.paths.ports, RUN.runId, ['web'])).web!;
});
afterEach(() => removeTemporary(root));

const start = (releaseId: string, more: Partial<StartServiceInput> = {}) => {
  const workspace = { repository: repo.path, path: repo.path, branch: 'main', base: 'main', baseCommit: '', ports: {} };
  const command = { command: 'exec node server.js', env: {}, secrets: [] };
  return activities.startService({ run: RUN, name: 'web', releaseId, command, workspace, port, ...more });
};
const stop = (releaseId: string) =>
  activities.undo({ run: RUN, action: { kind: 'stop-service', project: RUN.project, name: 'web', releaseId } });
const page = () =>
  fetch(`http://127.0.0.1:${port}/`).then(
    (response) => response.text(),
    () => 'nobody',
  );
const shows = (text: string) => waitUntil(async () => (await page()) === text);
const place = (releaseId: string) => host.paths.release(RUN.project, 'web', releaseId);

describe('a service', () => {
  it('serves the commit of the branch, apart from the worktree', async () => {
    const { pid, commit } = await start('r1');
    await shows('one');
    expect(commit).toBe(repo.git('rev-parse', 'main'));
    expect(await findProcess(pid)).toBeDefined();
    repo.write({ 'page.txt': 'uncommitted' });
    expect(await page()).toBe('one');
    expect(existsSync(join(place('r1'), 'tree/.git'))).toBe(false);
    expect(repo.status()).toBe(' M page.txt');
  });

  it('takes the place of the release before it', async () => {
    const first = await start('r1');
    await shows('one');
    repo.commit({ 'page.txt': 'two' });
    expect(await start('r2')).toMatchObject({ replaced: 'r1' });
    await shows('two');
    expect(await findProcess(first.pid)).toBeUndefined();
  });

  it('is found by a second try, and keeps its commit', async () => {
    const first = await start('r1');
    repo.commit({ 'page.txt': 'two' });
    expect(await start('r1')).toEqual(first);
    await shows('one');
  });

  it('that ends at once is reported with its words, and the one before it serves again', async () => {
    await start('r1');
    await shows('one');
    const broken = { command: 'echo no module "x"; exit 3', env: {}, secrets: [] };
    for (const attempt of [1, 2]) {
      await expect(start('r2', { command: broken })).rejects.toMatchObject({
        type: 'Service.NotStarted',
        message: expect.stringContaining('exit code 3: no module x') as string,
      });
      await shows('one');
      expect({ attempt, left: existsSync(place('r2')) }).toEqual({ attempt, left: false });
    }
    expect(await start('r3')).toMatchObject({ replaced: 'r1' });
  });

  it('gets secrets by name, shows none, and has them written down nowhere', async () => {
    const command = { command: 'echo "token $DEPLOY_TOKEN" >&2; exit 1', env: {}, secrets: ['DEPLOY_TOKEN'] };
    const failure = await start('r1', { command }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ details: [{ evidence: { inline: 'token ***' } }] });
    const files = (await readdir(join(root, 'home'), { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    for (const { parentPath, name } of files)
      expect(await readFile(join(parentPath, name), 'latin1')).not.toContain(CANARY);
  });
});

describe('taking a service back', () => {
  it('stops it and serves the one before as it was', async () => {
    await start('r1');
    repo.commit({ 'page.txt': 'two' });
    const second = await start('r2');
    await shows('two');
    expect(await stop('r2')).toEqual({ message: 'release r2 of web is stopped; r1 is served' });
    await shows('one');
    expect([await findProcess(second.pid), existsSync(place('r2'))]).toEqual([undefined, false]);
    expect(await stop('r2')).toEqual({ message: 'release r2 of web was not there' });
    await stop('r1');
    expect(await page()).toBe('nobody');
    expect(await readdir(join(host.paths.service(RUN.project, 'web'), 'releases'))).toEqual([]);
  });

  it('does nothing where it never started', async () => {
    const { pid } = await start('r1');
    expect(await stop('never')).toEqual({ message: 'release never of web was not there' });
    expect(await findProcess(pid)).toBeDefined();
  });

  it('of a release that was replaced meanwhile leaves the newer one alone', async () => {
    await start('r1');
    repo.commit({ 'page.txt': 'two' });
    await start('r2');
    repo.commit({ 'page.txt': 'three' });
    await start('r3');
    await shows('three');
    expect(await stop('r2')).toEqual({ message: 'release r2 of web is stopped; r3 is served' });
    await shows('three');
    expect(await stop('r3')).toEqual({ message: 'release r3 of web is stopped; r1 is served' });
    await shows('one');
  });
});

describe('when the worker was killed', () => {
  it('in the middle of the export: exports again', async () => {
    await start('r1');
    await stop('r1');
    await writeDraft('r2');
    await start('r2');
    await shows('one');
    expect(existsSync(join(place('r2'), 'tree/half'))).toBe(false);
  });

  it('after the old release was stopped: starts the new one', async () => {
    await start('r1');
    repo.commit({ 'page.txt': 'two' });
    await start('r2');
    // As it is between the start and the record of it.
    await writeFile(join(host.paths.service(RUN.project, 'web'), 'current'), 'r1');
    expect(await start('r2')).toMatchObject({ replaced: 'r1' });
    await shows('two');
    await stop('r2');
    await shows('one');
  });

  it('after the old release was stopped and before the new one ran: the undo serves the old one', async () => {
    await start('r1');
    repo.commit({ 'page.txt': 'two' });
    await start('r2');
    await writeFile(join(host.paths.service(RUN.project, 'web'), 'current'), 'r1');
    await rm(join(place('r2'), 'tree'), { recursive: true });
    expect(await stop('r2')).toEqual({ message: 'release r2 of web is stopped; r1 is served' });
    await shows('one');
  });

  async function writeDraft(releaseId: string): Promise<void> {
    await mkdir(join(place(releaseId), 'tree.draft'), { recursive: true });
    await writeFile(join(place(releaseId), 'tree.draft/half'), '');
  }
});
