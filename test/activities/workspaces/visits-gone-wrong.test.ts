import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listOwners } from '../../../activities/workspaces/workspace-record';
import { compileSources } from '../../support/compile-sources';
import { GitRepository } from '../../support/git-repository';
import { hostOptions } from '../../support/temporary-home';
import { failing, idOf, refOf, RUN, TwoHomes } from '../../support/two-homes';
import { waitUntil } from '../../support/wait-until';

// Worktrees in another home that agents, people and killed workers leave in a state that nobody would choose.

let world: TwoHomes;
beforeEach(async () => {
  world = await TwoHomes.create();
});
afterEach(() => world.end());

describe('a worktree that an agent took apart', () => {
  it('is not mistaken for the repository that its home is in, and loses no file', async () => {
    const outer = GitRepository.at(world.root);
    outer.git('init', '--quiet');
    outer.git('commit', '--quiet', '--allow-empty', '--message', 'of a person');
    const workspace = await world.published();
    const there = await world.visit(workspace);
    const { path } = there.workspace;
    GitRepository.at(path).commit({ 'a.txt': 'a' });
    await writeFile(join(path, 'draft.txt'), 'draft');
    await rm(join(path, '.git'));
    for (const give of [there.publish, there.checkpoint]) {
      await expect(give()).rejects.toEqual(failing('Git.Failed', /is no worktree any more/));
    }
    await there.leave();
    expect(outer.refs()).toHaveLength(1);
    expect(world.server.refs('refs/gantry/dispatches/')).toEqual([]);
    const rescued = world.away.paths.rescued(RUN.runId);
    const [kept = ''] = await readdir(rescued);
    expect(await readFile(join(rescued, kept, 'draft.txt'), 'utf8')).toBe('draft');
    // Its commits were on the branch of the visit.
    const [salvage] = world.server.refs('refs/gantry/salvage/');
    expect(world.server.git('show', `${salvage}:a.txt`)).toBe('a');
  });

  it('is put aside by a second visit, which begins with its commits', async () => {
    const workspace = await world.published();
    const { path } = (await world.visit(workspace)).workspace;
    const head = GitRepository.at(path).commit({ 'a.txt': 'a' });
    await writeFile(join(path, 'draft.txt'), 'draft');
    await rm(join(path, '.git'));
    const again = await world.visit(workspace);
    expect(await again.publish()).toEqual({ ref: refOf(1), head });
    expect(world.warnings.join()).toMatch(/a broken worktree was put aside/);
    const rescued = world.away.paths.rescued(RUN.runId);
    const [kept = ''] = await readdir(rescued);
    expect(await readFile(join(rescued, kept, 'draft.txt'), 'utf8')).toBe('draft');
  });

  it.each(['rebase', 'merge'])('is given back as it is in the middle of a %s', async (what) => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    const agent = GitRepository.at(there.workspace.path);
    agent.commit({ 'README.md': 'one' });
    agent.git('checkout', '--quiet', '-b', 'other', 'HEAD~1');
    agent.commit({ 'README.md': 'two' });
    expect(() => agent.git(what, '@{-1}')).toThrow();
    const head = agent.git('rev-parse', 'HEAD');
    expect(await there.publish()).toEqual({ ref: refOf(1), head });
    const [salvage] = world.server.refs('refs/gantry/salvage/');
    expect(world.server.git('show', `${salvage}:README.md`)).toMatch(/<<<<<<< /);
    expect(agent.status()).not.toBe('');
  });
});

it('another repository at the same path of this host is not taken for the one of the run', async () => {
  const workspace = await world.published();
  await rename(world.server.path, world.elsewhere);
  GitRepository.create(world.server.path);
  const visit = world.visit(workspace);
  await expect(visit).rejects.toEqual(
    failing('Git.Failed', /not published at file:[^]*has another repository at that path/),
  );
  expect(world.server.refs('refs/gantry/')).toEqual([]);
});

describe('a worker that is killed', () => {
  let compiled: string;
  let worker: ChildProcess | undefined;
  beforeAll(() => {
    compiled = compileSources('visits-gone-wrong', ['contracts', 'activities', 'test/support']);
  });
  afterEach(() => worker?.kill('SIGKILL'));
  afterAll(() => rm(compiled, { recursive: true, force: true }));

  it('while a worktree is set up leaves that to be waited for, not to be done again', async () => {
    const workspace = await world.published();
    const go = join(world.root, 'go');
    const command = `echo began >>setup.log; while [ ! -e ${go} ]; do sleep 0.05; done; echo ended >>setup.log`;
    const setup = { command, env: {}, secrets: [] };
    const input = { run: RUN, stage: 'build', dispatchId: idOf(1), workspace, setup };
    const request = join(world.root, 'request.json');
    await writeFile(request, JSON.stringify({ home: join(world.root, 'away'), input }));
    const argv = [join(compiled, 'test/support/visit-once.js'), request];
    worker = spawn(process.execPath, argv, { env: hostOptions(world.root).environment, stdio: 'ignore' });
    await waitUntil(async () => {
      const [owner] = await listOwners(world.away);
      return owner && existsSync(join(world.away.paths.worktree(RUN.runId, owner.claim.stage), 'setup.log'));
    });
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    const second = world.visit(workspace, 1, { setup });
    await writeFile(go, '');
    const { path } = (await second).workspace;
    expect(await readFile(join(path, 'setup.log'), 'utf8')).toBe('began\nended\n');
  });
});

describe('a repository with 2,000 files', () => {
  it('is cloned by the first visit, and only fetched from by the next', async () => {
    const files = Array.from({ length: 2_000 }, (_, number) => [`src/${number % 40}/${number}.txt`, `${number}\n`]);
    world.seed.commit(Object.fromEntries(files) as Record<string, string>);
    world.seed.git('push', '--quiet', world.server.path, 'main');
    const workspace = await world.published();
    const began = Date.now();
    const first = await world.visit(workspace);
    const between = Date.now();
    const clone = await stat(first.workspace.repository);
    const packs = () => readdir(join(first.workspace.repository, 'objects/pack'));
    const before = await packs();
    const second = await world.visit(workspace, 2);
    const tookMs = [between - began, Date.now() - between];
    expect((await stat(second.workspace.repository)).ino).toBe(clone.ino);
    expect(await packs()).toEqual(before);
    expect(await readdir(join(second.workspace.path, 'src/7'))).toHaveLength(50);
    // About a second; the machine may have other things to do.
    for (const ms of tookMs) expect(ms).toBeLessThan(10_000);
    const again = Date.now();
    await world.visit(workspace, 2);
    expect(Date.now() - again).toBeLessThan(2_000);
  });
});
