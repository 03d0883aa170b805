import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { withoutPasswords } from '../../../activities/git/git';
import { openRepository, originOf } from '../../../activities/git/repository';
import { GitHttpServer } from '../../support/git-http-server';
import { GitRepository } from '../../support/git-repository';
import { failing, TwoHomes } from '../../support/two-homes';

// An address that a person gives may hold a password or a token. Only git itself may ever write it down.

const SECRET = 'pw4f7c1e9b'; // in any encoding the same
let world: TwoHomes;
let server: GitHttpServer;

beforeEach(async () => {
  world = await TwoHomes.create();
  server = await GitHttpServer.start(world.root, `someone:${SECRET}`);
});
afterEach(() => {
  server.stop();
  return world.end();
});

/** Every file below a directory that holds the secret. */
function tellTales(directory: string): string[] {
  try {
    return execFileSync('grep', ['-rliF', SECRET, directory], { encoding: 'utf8' }).trim().split('\n');
  } catch {
    return [];
  }
}

describe('a run that was started with a password in its address', () => {
  it('tells it to git alone; a host with another home logs in by itself', async () => {
    const workspace = await world.begin(server.address('server.git'));
    expect(workspace.origin).toBe(server.address('server.git', { login: '' }));
    GitRepository.at(workspace.path).commit({ 'before.txt': 'before' });
    await world.publish(workspace);
    await expect(world.visit(workspace)).rejects.toEqual(
      failing('Git.Failed', /could not fetch from http:\/\/127[^]*may log in there without being asked/),
    );

    const credentials = join(world.root, 'credentials');
    await writeFile(credentials, `${server.address('')}\n`, { mode: 0o600 });
    await writeFile(join(world.root, '.gitconfig'), `[credential]\n\thelper = store --file ${credentials}\n`);
    const there = await world.visit(workspace);
    const head = GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    GitRepository.at(there.workspace.path).write({ 'draft.txt': 'draft' });
    const pushed = await there.publish();
    await there.leave();
    expect(await world.receive(workspace, pushed)).toEqual({ commits: 1, head });
    expect(tellTales(join(world.root, 'away'))).toEqual([]);
    expect(tellTales(join(world.root, 'home'))).toEqual([join(workspace.repository, 'config')]);
    expect(JSON.stringify([workspace, there.workspace, pushed, world.warnings])).not.toMatch(SECRET);
    expect(world.server.refs('refs/gantry/')).toHaveLength(2); // the run, and what was not committed
    await world.remove(server.address('server.git'));
    expect(world.server.refs('refs/gantry/')).toEqual([expect.stringContaining('refs/gantry/salvage/run-1/')]);
    expect(tellTales(join(world.root, 'home'))).toEqual([join(workspace.repository, 'config')]);
  });

  it('is asked again by the sweeper, which knows no password either', async () => {
    const workspace = await world.begin(server.address('server.git'));
    await world.publish(workspace);
    const config = GitRepository.at(workspace.repository);
    config.git('config', 'remote.origin.url', `http://x:${SECRET}@127.0.0.1:9/server.git`);
    await world.remove(server.address('server.git'));
    expect(world.warnings.join()).toMatch(/could not be removed yet/);
    config.git('config', 'remote.origin.url', server.address('server.git'));
    await world.sweep(world.home, 'ended');
    expect(world.server.refs('refs/gantry/')).toEqual([]);
    expect(world.warnings.join()).not.toMatch(SECRET);
  });

  it('fails without telling it', async () => {
    const refused = server.address('server.git', { login: `someone:not-${SECRET}` });
    const addresses = [refused, server.address('nothing.git'), `http://someone:${SECRET}@127.0.0.1:9/x.git`].concat(
      [`someone:${SECRET}@`, `${SECRET}@`, `someone:${SECRET}/x@`, `someone:${SECRET}'x@`].flatMap((login) =>
        ['http', 'https', 'HTTPS', 'ftp', 'svn+ssh'].map((scheme) => `${scheme}://${login}127.0.0.1:9/x.git`),
      ),
    );
    for (const address of addresses) {
      const error = (await openRepository(world.home, address).catch((reason: unknown) => reason)) as Error;
      expect(error).toEqual(failing('Git.Failed', /127\.0\.0\.1/));
      expect(error.message).not.toMatch(SECRET);
    }
    expect(tellTales(join(world.root, 'home'))).toEqual([]);
  });
});

describe('an address of whatever shape', () => {
  const login = fc.oneof(
    fc.constantFrom(SECRET, `${SECRET}:`, `:${SECRET}`, `git:${SECRET}`, `x-access-token:${SECRET}`, `a@b:${SECRET}`),
    fc.stringMatching(/^[\w%~+@:='"!$&()*,;.-]{0,20}$/).map((more) => `someone:${more}${SECRET}`),
    fc.stringMatching(/^[\w%~+@:='"!$&()*,;.-]{0,20}$/).map((more) => `someone:${SECRET}${more}`),
  );
  const scheme = fc.constantFrom('https', 'http', 'git', 'ssh');
  const host = fc.constantFrom('github.com', '127.0.0.1:8443', '[::1]:80', 'h-1.example');
  const path = fc.constantFrom('/o/r.git', '/r', '/', '', '/~o/a/b@c.git', '/100%25/ü.git');

  it('is known in other homes, on the disk and in messages without its login', () => {
    fc.assert(
      fc.property(scheme, login, host, path, (protocol, who, where, rest) => {
        const address = `${protocol}://${who}@${where}${rest}`;
        const directory = world.home.paths.mirror(address);
        expect(directory).not.toMatch(SECRET);
        expect(withoutPasswords(`fatal: '${address}/': no, said "${address}"`)).toBe(
          `fatal: '${protocol}://${where}${rest}/': no, said "${protocol}://${where}${rest}"`,
        );
        const origin = originOf(world.home, directory, address);
        expect(origin.endsWith(`${where}${rest}`)).toBe(true);
        // Whom to log in as is part of an address for ssh; it knows no tokens.
        if (protocol !== 'ssh' || !who.split(':')[0]!.includes(SECRET)) expect(origin).not.toMatch(SECRET);
      }),
    );
  });

  it('with nobody who logs in stays as it is', () => {
    fc.assert(
      fc.property(scheme, host, path, (protocol, where, rest) => {
        const address = `${protocol}://${where}${rest}`;
        expect(originOf(world.home, world.home.paths.mirror(address), address)).toBe(address);
        expect(withoutPasswords(`fatal: '${address}'`)).toBe(`fatal: '${address}'`);
      }),
    );
  });

  it('never throws, and means the same once more', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom('git@host:path', 'a@b:c@d:e')), (address) => {
        const directory = world.home.paths.mirror(address);
        const origin = originOf(world.home, directory, address);
        expect(originOf(world.home, directory, origin)).toBe(origin);
      }),
    );
    for (const address of ['git@host:o/r.git', 'ssh://git@host:22/r.git', 'file:///srv/a@b.git']) {
      expect(originOf(world.home, world.home.paths.mirror(address), address)).toBe(address);
    }
  });
});
