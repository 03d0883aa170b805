import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { originOf } from '../../../activities/git/repository';
import { TIMED_OUT } from '../../../activities/git/run-git';
import { findProcess } from '../../../activities/processes/process-table';
import { homeId } from '../../../activities/workspaces/home-id';
import { listOwners } from '../../../activities/workspaces/workspace-record';
import { GitRepository } from '../../support/git-repository';
import { CANARY } from '../../support/temporary-home';
import { failing, RUN, TwoHomes } from '../../support/two-homes';
import { waitUntil } from '../../support/wait-until';

// Origins that do not answer, and what is said of them.

let world: TwoHomes;
beforeEach(async () => {
  world = await TwoHomes.create();
});
afterEach(() => world.end());

const gantryRefs = (repository: GitRepository): string[] => repository.refs('refs/gantry/');

describe('an origin that does not answer', () => {
  it('fails a visit with the host, the address and what helps', async () => {
    const workspace = await world.published();
    await rename(world.server.path, world.elsewhere);
    await expect(world.visit(workspace)).rejects.toEqual(
      failing(
        'Git.Failed',
        /^The host \S+ could not fetch from file:\/\/.*server\.git[^]*Mount that path on this host/,
      ),
    );
    await rename(world.elsewhere, world.server.path);
    expect((await world.visit(workspace)).workspace.branch).toBe('gantry-visits/run-1.build.1.1');
  });

  it('fails the publishing of a branch, and nobody is told a password', async () => {
    const workspace = await world.begin();
    const secret = `http://someone:${CANARY}@127.0.0.1:9/x.git`;
    GitRepository.at(workspace.repository).git('config', 'remote.origin.url', secret);
    const error = (await world.publish(workspace).catch((reason: unknown) => reason)) as Error;
    expect(error).toEqual(
      failing('Git.Failed', /could not push refs\/gantry\/runs\/run-1 to http:\/\/127\.0\.0\.1:9\/x\.git/),
    );
    expect(error.message).not.toMatch(/someone|canary/);
  });

  it('does not lose what an agent did: the next try gives it back', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    const head = GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await rename(world.server.path, world.elsewhere);
    await expect(there.checkpoint()).rejects.toEqual(failing('Git.Failed', /could not push/));
    await expect(there.publish()).rejects.toEqual(failing('Git.Failed', /could not push/));
    await rename(world.elsewhere, world.server.path);
    expect((await there.publish()).head).toBe(head);
  });

  it('keeps the work on its host when it must leave without it', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await rename(world.server.path, world.elsewhere);
    await there.leave();
    const mirror = GitRepository.at(there.workspace.repository);
    const [salvage] = mirror.refs('refs/gantry/salvage/');
    expect(mirror.git('show', `${salvage}:a.txt`)).toBe('a');
    expect(world.warnings.join()).toMatch(/kept on this host alone/);
  });

  it('does not stop a workspace from being removed; the sweeper asks it again, and gives up after a day', async () => {
    const workspace = await world.published();
    await rename(world.server.path, world.elsewhere);
    expect((await world.remove()).removed).toBe(true);
    expect(world.warnings.join()).toMatch(/could not be removed yet/);
    expect(existsSync(workspace.path)).toBe(false);
    expect(await listOwners(world.home)).toHaveLength(1);

    await world.sweep(world.home, 'ended');
    expect(await listOwners(world.home)).toHaveLength(1);
    const note = join(world.home.paths.workspace(RUN.runId), 'published.json');
    const published = JSON.parse(await readFile(note, 'utf8')) as object;
    await writeFile(note, JSON.stringify({ ...published, failingSince: Date.now() - 25 * 60 * 60_000 }));
    await world.sweep(world.home, 'ended');
    expect(await listOwners(world.home)).toEqual([]);
    expect(world.warnings.join()).toMatch(/stay at its origin/);
  });

  it('is asked again and then rid of the refs', async () => {
    await world.published();
    await rename(world.server.path, world.elsewhere);
    await world.remove();
    await rename(world.elsewhere, world.server.path);
    await world.sweep(world.home, 'ended');
    expect([gantryRefs(world.server), await listOwners(world.home)]).toEqual([[], []]);
  });

  it('is not waited for without end, and nothing is left of the connection', async () => {
    const { repository } = await world.begin();
    const bin = join(world.root, 'bin');
    await mkdir(bin);
    const script = `#!/bin/sh\necho $$ >${world.root}/pid\nsleep 300\n`;
    await writeFile(join(bin, 'git-remote-slow'), script, { mode: 0o755 });
    const git = world.hostAt('home', { ...process.env, PATH: `${bin}:${process.env.PATH}` }).git;
    const asked = await git.attempt(repository, ['ls-remote', 'slow::x'], { timeoutMs: 1_000 });
    expect(asked).toMatchObject({ code: TIMED_OUT, stderr: expect.stringMatching(/no end after 1 seconds/) as string });
    const pid = Number(await readFile(join(world.root, 'pid'), 'utf8'));
    await waitUntil(async () => (await findProcess(pid)) === undefined);
  });
});

it('hooks of an origin on this machine are not run', async () => {
  const ran = join(world.root, 'hook-ran');
  for (const hook of ['pre-receive', 'update', 'post-receive', 'post-update', 'reference-transaction']) {
    const path = join(world.server.path, 'hooks', hook);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `#!/bin/sh\necho ${hook} >>${ran}\n`, { mode: 0o755 });
  }
  const workspace = await world.published();
  const there = await world.visit(workspace);
  GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
  await world.receive(workspace, await there.publish());
  await world.remove();
  expect(existsSync(ran)).toBe(false);
  world.seed.git('push', '--quiet', world.server.path, 'main:refs/others/x');
  expect(existsSync(ran)).toBe(true);
});

describe('who is who', () => {
  it('a home has one id for ever, also when many ask at once', async () => {
    const path = join(world.root, 'new', 'home');
    const ids = await Promise.all(Array.from({ length: 20 }, () => homeId(path)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(await homeId(path)).toBe(ids[0]);
    expect(await homeId(join(world.root, 'another'))).not.toBe(ids[0]);
  });

  it('an origin never says who logs in with which password', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9%~+@:=-]{1,20}$/);
    const place = fc.constantFrom('github.com/o/r.git', 'host:8443/r', '10.0.0.1/a/b@c.git');
    fc.assert(
      fc.property(fc.constantFrom('https', 'http', 'git'), part, part, place, (scheme, user, password, rest) => {
        const url = `${scheme}://${user}:${password}@${rest}`;
        expect(originOf(world.home, world.home.paths.mirror(url), url)).toBe(`${scheme}://${rest}`);
        expect(originOf(world.home, world.home.paths.mirror(url), `${scheme}://${password}@${rest}`)).toBe(
          `${scheme}://${rest}`,
        );
        expect(originOf(world.home, world.home.paths.mirror(url), `${scheme}://${rest}`)).toBe(`${scheme}://${rest}`);
      }),
    );
    for (const [url, origin] of [
      ['ssh://git@host:22/r.git', 'ssh://git@host:22/r.git'],
      ['ssh://git:secret@host/r.git', 'ssh://git@host/r.git'],
      ['git@host:o/r.git', 'git@host:o/r.git'],
      ['file:///srv/r.git', 'file:///srv/r.git'],
    ] as const) {
      expect(originOf(world.home, world.home.paths.mirror(url), url)).toBe(origin);
    }
    expect(originOf(world.home, '/srv/my repo', '.')).toBe('file:///srv/my%20repo');
  });
});
