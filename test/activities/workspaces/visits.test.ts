import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Host } from '../../../activities/host';
import type { Visit } from '../../../activities/sessions/dispatch/place';
import { homeId } from '../../../activities/workspaces/home-id';
import { prepareStageWorkspace, prepareWorkspace } from '../../../activities/workspaces/prepare-workspace';
import { publishBranch } from '../../../activities/workspaces/publish-branch';
import { receiveWork } from '../../../activities/workspaces/receive-work';
import { removeWorkspace } from '../../../activities/workspaces/remove-workspace';
import { visitWorkspace } from '../../../activities/workspaces/visit-workspace';
import { listOwners } from '../../../activities/workspaces/workspace-record';
import { originOf } from '../../../activities/git/repository';
import { TIMED_OUT } from '../../../activities/git/run-git';
import { findProcess } from '../../../activities/processes/process-table';
import { dispatchId, dispatchRef, publishedRef, runBranch, stageBranch } from '../../../contracts/ids';
import type { Workspace } from '../../../contracts/run';
import { sweep } from '../../../workers/sweep';
import { GitRepository } from '../../support/git-repository';
import { CANARY, removeTemporary, temporaryDirectory, temporaryHost, UNDISTURBED } from '../../support/temporary-home';
import { waitUntil } from '../../support/wait-until';

// Two real homes and one repository that both see: a server's (bare, by its address) or a person's (by its path).

const RUN = { project: 'calculator', runId: 'run-1' };
let root: string;
let server: GitRepository;
/** Has the run. */
let home: Host;
/** Has the agent. */
let away: Host;
let warnings: string[];

beforeEach(async () => {
  root = await temporaryDirectory();
  warnings = [];
  home = hostAt('home');
  away = hostAt('away');
  const seed = GitRepository.create(join(root, 'seed'));
  seed.git('clone', '--quiet', '--bare', seed.path, join(root, 'server.git'));
  server = GitRepository.at(join(root, 'server.git'));
});
afterEach(() => removeTemporary(root));

function hostAt(name: string, environment: NodeJS.ProcessEnv = process.env): Host {
  const warn = (message: string, attributes?: object): void => {
    warnings.push(
      `${message} ${JSON.stringify(attributes, (_, value: unknown) => (value instanceof Error ? value.message : value))}`,
    );
  };
  return temporaryHost(root, {
    home: join(root, name),
    environment: { ...environment, HOME: root, XDG_CONFIG_HOME: root },
    log: { info: () => undefined, warn },
  });
}

const claimOf = (repo: string) => ({ repo, runId: RUN.runId, branch: runBranch(RUN.runId) });
const address = () => `file://${server.path}`;
const begin = (repo = address()): Promise<Workspace> =>
  prepareWorkspace(home, { run: RUN, claim: claimOf(repo), ports: [] }, UNDISTURBED);
const idOf = (attempt: number, turn = 1) => dispatchId(RUN.runId, 'build', turn, attempt);
const refOf = (attempt: number) => dispatchRef(RUN.runId, idOf(attempt));
const visit = (workspace: Workspace, attempt = 1, more = {}, host = away): Promise<Visit> =>
  visitWorkspace(host, { run: RUN, stage: 'build', dispatchId: idOf(attempt), workspace, ...more }, UNDISTURBED);
const publish = (workspace: Workspace) => publishBranch(home, { run: RUN, workspace });
const receive = (workspace: Workspace, pushed: { ref: string; head: string }) =>
  receiveWork(home, { run: RUN, workspace, ...pushed });
const remove = (repo = address()) => removeWorkspace(home, { claim: claimOf(repo), keepUnmergedBranch: true });
const gantryRefs = (repository = server) => repository.refs('refs/gantry/');
const failing = (type: string, message: RegExp): unknown =>
  expect.objectContaining({ type, message: expect.stringMatching(message) as string });

describe.each(['an address', 'a path'])('a run that was started with %s', (kind) => {
  const repository = () => (kind === 'a path' ? GitRepository.at(join(root, 'seed')) : server);
  const started = () => begin(kind === 'a path' ? repository().path : address());

  it('is worked on in another home, and has the commits afterwards', async () => {
    const workspace = await started();
    const mine = GitRepository.at(workspace.path);
    mine.commit({ 'before.txt': 'before' });
    expect(await publish(workspace)).toEqual({ head: mine.git('rev-parse', 'HEAD'), dirty: false });

    const there = await visit(workspace);
    expect(there.workspace.home).toBe(await homeId(join(root, 'away')));
    expect(there.workspace.path.startsWith(join(root, 'away'))).toBe(true);
    const agent = GitRepository.at(there.workspace.path);
    expect(existsSync(join(agent.path, 'before.txt'))).toBe(true);
    agent.commit({ 'a.txt': 'a' });
    const head = agent.commit({ 'b.txt': 'b' });
    const pushed = await there.publish();
    expect(pushed).toEqual({ ref: refOf(1), head });
    await there.leave();
    expect([existsSync(agent.path), await listOwners(away)]).toEqual([false, []]);

    const received = { commits: 2, head };
    expect(await receive(workspace, pushed)).toEqual(received);
    expect(await receive(workspace, pushed)).toEqual(received);
    expect([mine.git('rev-parse', workspace.branch), mine.status()]).toEqual([head, '']);
    expect(gantryRefs(repository())).toEqual([publishedRef(workspace.branch)]);
    await remove(kind === 'a path' ? repository().path : address());
    expect(gantryRefs(repository())).toEqual([]);
    expect(warnings).toEqual([]);
    // What was given back is kept nowhere twice.
    expect(GitRepository.at(there.workspace.repository).refs('refs/gantry/')).toEqual([]);
    expect(GitRepository.at(there.workspace.repository).refs('refs/heads/')).toEqual([]);
  });

  it('never gets a branch from a host with another home', async () => {
    const workspace = await started();
    const before = repository().refs('refs/heads/');
    await publish(workspace);
    const there = await visit(workspace);
    GitRepository.at(there.workspace.path).git('checkout', '--quiet', '-b', 'of-the-agent');
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await there.publish();
    await there.leave();
    expect(repository().refs('refs/heads/')).toEqual(before);
  });
});

it('a stage that works apart is published and visited by its own branch', async () => {
  const workspace = await begin();
  const claim = { ...claimOf(address()), branch: stageBranch(RUN.runId, 'ui'), stage: 'ui' };
  const ui = await prepareStageWorkspace(home, { run: RUN, workspace, claim });
  expect([ui.home, ui.origin]).toEqual([workspace.home, workspace.origin]);
  const head = GitRepository.at(ui.path).commit({ 'ui.txt': 'ui' });
  await Promise.all([publish(workspace), publish(ui)]);
  expect(gantryRefs()).toEqual(['refs/gantry/runs/run-1', 'refs/gantry/runs/run-1--ui']);
  expect(GitRepository.at((await visit(ui)).workspace.path).git('rev-parse', 'HEAD')).toBe(head);
  await remove();
  expect(gantryRefs()).toEqual([]);
});

it('a path with spaces and other signs is found from another home', async () => {
  const odd = GitRepository.create(join(root, 'my repo 100% ü#1?'));
  const workspace = await begin(odd.path);
  await publish(workspace);
  const there = await visit(workspace);
  const head = GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
  expect(await receive(workspace, await there.publish())).toEqual({ commits: 1, head });
});

describe('the worktree in the other home', () => {
  it('is found as it is by a second try, also while the origin is gone', async () => {
    const workspace = await begin();
    await publish(workspace);
    const first = await visit(workspace);
    const agent = GitRepository.at(first.workspace.path);
    const commit = agent.commit({ 'a.txt': 'a' });
    agent.write({ 'draft.txt': 'draft', 'README.md': 'changed' });
    const status = agent.status();
    GitRepository.at(workspace.path).commit({ 'later.txt': 'the run moves on' });
    await publish(workspace);
    await rename(server.path, join(root, 'moved.git'));
    const second = await visit(workspace);
    expect(second.workspace).toEqual(first.workspace);
    expect([agent.git('rev-parse', 'HEAD'), agent.status()]).toEqual([commit, status]);
  });

  it('is one, when many ask at once', async () => {
    const workspace = await begin();
    await publish(workspace);
    const visits = await Promise.all(Array.from({ length: 4 }, () => visit(workspace)));
    expect(new Set(visits.map((one) => one.workspace.path)).size).toBe(1);
    const others = await Promise.all([2, 3, 4].map((attempt) => visit(workspace, attempt)));
    expect(new Set(others.map((one) => one.workspace.path)).size).toBe(3);
  });

  it('is set up once, and again when it is made again', async () => {
    const workspace = await begin();
    await publish(workspace);
    const setup = { command: 'echo ran >>ignored-setup.log', env: {}, secrets: [] };
    const read = (one: Visit) => readFile(join(one.workspace.path, 'ignored-setup.log'), 'utf8');
    await visit(workspace, 1, { setup });
    const there = await visit(workspace, 1, { setup });
    expect(await read(there)).toBe('ran\n');
    await there.leave();
    expect(await read(await visit(workspace, 1, { setup }))).toBe('ran\n');
    expect(await read(await visit(workspace, 2, { setup }))).toBe('ran\n');
    await expect(visit(workspace, 3, { setup: { ...setup, command: 'exit 3' } })).rejects.toEqual(
      failing('Stage.CommandFailed', /exit code 3/),
    );
  });

  it('takes with it what its set-up left running', async () => {
    const workspace = await begin();
    await publish(workspace);
    const command = '(setsid sh -c "echo \\$\\$ >pid; exec sleep 300" &); echo ready';
    const there = await visit(workspace, 1, { setup: { command, env: {}, secrets: [] } });
    const pidFile = join(there.workspace.path, 'pid');
    const pid = await waitUntil(async () => Number(await readFile(pidFile, 'utf8').catch(() => '0')));
    await there.leave();
    expect(await findProcess(pid)).toBeUndefined();
  });

  it('has the ports that the run was given', async () => {
    const workspace = await prepareWorkspace(
      home,
      { run: RUN, claim: claimOf(address()), ports: ['web'] },
      UNDISTURBED,
    );
    await publish(workspace);
    expect((await visit(workspace)).workspace.ports).toEqual(workspace.ports);
  });
});

describe('a conversation that goes on', () => {
  const goOn = (workspace: Workspace, attempt = 1, turn = 2) =>
    visitWorkspace(
      away,
      { run: RUN, stage: 'build', dispatchId: idOf(attempt, turn), workspace, goesOn: true },
      UNDISTURBED,
    );

  it('does so in the directory it was about, where the run is by then', async () => {
    const workspace = await begin();
    await publish(workspace);
    await visit(workspace, 1);
    const there = await visit(workspace, 2);
    const agent = GitRepository.at(there.workspace.path);
    agent.commit({ 'a.txt': 'a' });
    agent.write({ 'notes.txt': 'of the agent' });
    await receive(workspace, await there.publish());
    const fixed = GitRepository.at(workspace.path).commit({ 'review.txt': 'by another stage' });
    await publish(workspace);

    const next = await goOn(workspace);
    expect(next.workspace).toEqual(there.workspace);
    expect([agent.git('rev-parse', 'HEAD'), agent.status()]).toEqual([fixed, '?? notes.txt']);
    const head = agent.commit({ 'b.txt': 'b' });
    GitRepository.at(workspace.path).commit({ 'later.txt': 'later' });
    await publish(workspace);
    // A second try leaves the agent at its work.
    expect(await (await goOn(workspace)).publish()).toEqual({ ref: dispatchRef(RUN.runId, idOf(1, 2)), head });
    await next.leave();
    expect(existsSync(agent.path)).toBe(false);
    expect((await listOwners(away)).map(({ claim }) => claim.branch)).toEqual(['gantry-visits/run-1.build.1.1']);
  });

  it('keeps what it can not bring up to date as it is', async () => {
    const workspace = await begin();
    await publish(workspace);
    const agent = GitRepository.at((await visit(workspace)).workspace.path);
    const head = agent.commit({ 'README.md': 'agent' });
    GitRepository.at(workspace.path).commit({ 'README.md': 'run' });
    await publish(workspace);
    await goOn(workspace);
    expect([agent.git('rev-parse', 'HEAD'), agent.status()]).toEqual([head, '']);
    expect(warnings.join()).toMatch(/is behind its run/);
  });

  it('begins where the run is when that directory has gone', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    await there.leave();
    expect((await goOn(workspace)).workspace.branch).toBe('gantry-visits/run-1.build.2.1');
  });
});

describe('what was not committed', () => {
  it('in the worktree of the run does not travel, and that is said', async () => {
    const workspace = await begin();
    GitRepository.at(workspace.path).write({ 'draft.txt': 'draft' });
    expect((await publish(workspace)).dirty).toBe(true);
    expect(existsSync(join((await visit(workspace)).workspace.path, 'draft.txt'))).toBe(false);
  });

  it('by the agent is kept at the origin, once, and the agent may go on', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    const agent = GitRepository.at(there.workspace.path);
    const head = agent.commit({ 'a.txt': 'a' });
    agent.write({ 'draft.txt': 'draft' });
    for (let time = 0; time < 2; time += 1) expect((await there.publish()).head).toBe(head);
    const salvages = () => server.refs('refs/gantry/salvage/');
    expect(salvages()).toHaveLength(1);
    expect(server.git('show', `${salvages()[0]}:draft.txt`)).toBe('draft');
    expect(agent.status()).toBe('?? draft.txt');
    await there.leave();
    expect(salvages()).toHaveLength(1);
    await remove();
    expect(gantryRefs()).toEqual(salvages());
  });

  it('of two hosts with the same dispatch is kept of both', async () => {
    const workspace = await begin();
    await publish(workspace);
    for (const [name, content] of [
      ['away', 'one'],
      ['third', 'two'],
    ] as const) {
      const there = await visit(workspace, 1, {}, hostAt(name));
      await writeFile(join(there.workspace.path, 'draft.txt'), content);
      await there.leave();
    }
    const kept = server.refs('refs/gantry/salvage/').map((ref) => server.git('show', `${ref}:draft.txt`));
    expect(kept.sort()).toEqual(['one', 'two']);
  });

  it('and git can not hold stays on the disk, and the commits are given back', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    const agent = GitRepository.at(there.workspace.path);
    const head = agent.commit({ 'a.txt': 'a' });
    GitRepository.create(join(agent.path, 'inner')).write({ 'x.txt': 'x' });
    const pushed = await there.publish();
    expect([pushed.head, existsSync(join(agent.path, 'inner/x.txt'))]).toEqual([head, true]);
    expect(await receive(workspace, pushed)).toEqual({ commits: 1, head });
    await there.leave();
    expect(existsSync(away.paths.rescued(RUN.runId))).toBe(true);
  });
});

describe('a host that dies', () => {
  it('leaves its checkpoints for the next attempt, on a third host', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    expect(await there.checkpoint()).toBeUndefined();
    expect(server.refs('refs/gantry/dispatches/')).toEqual([]);
    const agent = GitRepository.at(there.workspace.path);
    const first = agent.commit({ 'a.txt': 'a' });
    expect(await there.checkpoint()).toBe(first);
    expect(await there.checkpoint()).toBeUndefined();
    agent.commit({ 'lost.txt': 'after the last checkpoint' });

    const next = await visit(workspace, 2, {}, hostAt('third'));
    const heir = GitRepository.at(next.workspace.path);
    expect(heir.git('rev-parse', 'HEAD')).toBe(first);
    const head = heir.commit({ 'b.txt': 'b' });
    expect(await receive(workspace, await next.publish())).toEqual({ commits: 2, head });
    // The ref of the attempt that was given up goes with it.
    expect(gantryRefs()).toEqual([publishedRef(workspace.branch)]);
  });

  it('and pushes on is not taken in, but what it did is kept', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    const zombie = GitRepository.at(there.workspace.path);
    const first = zombie.commit({ 'a.txt': 'a' });
    await there.checkpoint();
    const next = await visit(workspace, 2, {}, hostAt('third'));
    zombie.commit({ 'late.txt': 'late' });
    await there.checkpoint();
    expect(await receive(workspace, await next.publish())).toEqual({ commits: 1, head: first });
    const [salvage] = GitRepository.at(workspace.repository).refs('refs/gantry/salvage/');
    expect(GitRepository.at(workspace.repository).git('show', `${salvage}:late.txt`)).toBe('late');
    expect(existsSync(join(workspace.path, 'late.txt'))).toBe(false);
  });

  it('does not take the next turn back to where it was', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await there.checkpoint();
    const moved = GitRepository.at(workspace.path).commit({ 'home.txt': 'the run went on at home' });
    await publish(workspace);
    const next = await visit(workspace, 2, {}, hostAt('third'));
    expect(GitRepository.at(next.workspace.path).git('rev-parse', 'HEAD')).toBe(moved);
  });

  it('may have rewritten what it pushed', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    const agent = GitRepository.at(there.workspace.path);
    agent.commit({ 'a.txt': 'a' });
    await there.checkpoint();
    agent.git('commit', '--quiet', '--amend', '--message', 'better');
    const head = agent.git('rev-parse', 'HEAD');
    // By a process that knows nothing of the first one's pushes.
    expect(await (await visit(workspace, 1, {}, hostAt('away'))).checkpoint()).toBe(head);
    expect(server.git('rev-parse', refOf(1))).toBe(head);
  });

  it('never overwrites what somebody else pushed under its name', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    const third = await visit(workspace, 1, {}, hostAt('third'));
    const theirs = GitRepository.at(third.workspace.path).commit({ 'c.txt': 'c' });
    await third.publish();
    await expect(there.publish()).rejects.toEqual(failing('Git.Failed', /not from this host/));
    expect(server.git('rev-parse', refOf(1))).toBe(theirs);
  });
});

describe('taking work in', () => {
  it('merges it with what the run did meanwhile', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'a' });
    const mine = GitRepository.at(workspace.path);
    mine.commit({ 'b.txt': 'b' });
    const received = await receive(workspace, pushed);
    expect(received).toEqual({ commits: 1, head: mine.git('rev-parse', 'HEAD') });
    expect(mine.git('log', '--merges', '--format=%s')).toBe('Merge run-1.build.1.1');
    expect([existsSync(join(mine.path, 'a.txt')), mine.status()]).toEqual([true, '']);
    expect(await receive(workspace, pushed)).toEqual(received);
  });

  it('that conflicts leaves the run as it was, says where, and the work is kept', async () => {
    const { workspace, pushed } = await visited({ 'README.md': 'agent\n' });
    const mine = GitRepository.at(workspace.path);
    const head = mine.commit({ 'README.md': 'run\n' });
    const conflict = await receive(workspace, pushed).catch((error: unknown) => error);
    expect(conflict).toEqual(failing('Git.Conflict', /README\.md/));
    expect(conflict).toMatchObject({ details: [{ files: ['README.md'] }] });
    expect([mine.git('rev-parse', 'HEAD'), mine.status()]).toEqual([head, '']);
    expect(server.git('rev-parse', pushed.ref)).toBe(pushed.head);

    await remove();
    expect(gantryRefs()).toEqual([]);
    const [salvage] = GitRepository.at(workspace.repository).refs('refs/gantry/salvage/');
    expect(GitRepository.at(workspace.repository).git('rev-parse', salvage!)).toBe(pushed.head);
  });

  it('overwrites nothing that is not committed', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'agent' });
    const mine = GitRepository.at(workspace.path);
    mine.write({ 'a.txt': 'mine', 'README.md': 'mine too' });
    await expect(receive(workspace, pushed)).rejects.toEqual(failing('Git.Failed', /a\.txt[^]*stays under refs/));
    expect(await readFile(join(mine.path, 'a.txt'), 'utf8')).toBe('mine');
    await rm(join(mine.path, 'a.txt'));
    expect((await receive(workspace, pushed)).head).toBe(pushed.head);
    expect(await readFile(join(mine.path, 'README.md'), 'utf8')).toBe('mine too');
  });

  it('needs the worktree on the branch of the run', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'a' });
    GitRepository.at(workspace.path).git('checkout', '--quiet', '--detach');
    await expect(receive(workspace, pushed)).rejects.toEqual(failing('Git.Failed', /not on gantry\/run-1 any more/));
  });

  it('takes nothing from refs of others, and removes none of theirs', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'a' });
    const others = ['refs/gantry/runs/run-10', 'refs/gantry/dispatches/run-10/run-10.build.1.1'].concat([
      'refs/gantry/runs/run-1--x-2',
      'refs/gantry/dispatches/run-1/run-1.build.1.1x',
      'refs/gantry/dispatches/run-1/run-1.build.11.1',
      'refs/gantry/salvage/run-1/run',
    ]);
    for (const ref of others) server.git('update-ref', ref, 'main');
    for (const ref of ['refs/heads/main', 'refs/gantry/salvage/run-1/run', 'x', 'refs/gantry/dispatches/run-10/x']) {
      await expect(receive(workspace, { ...pushed, ref })).rejects.toEqual(failing('Git.Failed', /does not belong/));
    }
    await receive(workspace, pushed);
    expect(gantryRefs()).toEqual([...others, publishedRef(workspace.branch)].sort());
    await remove();
    expect(gantryRefs()).toEqual(others.filter((ref) => !ref.startsWith('refs/gantry/dispatches/run-1/')).sort());
  });

  async function visited(files: Record<string, string>) {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    GitRepository.at(there.workspace.path).commit(files);
    const pushed = await there.publish();
    await there.leave();
    return { workspace, pushed };
  }
});

describe('an origin that does not answer', () => {
  it('fails a visit with the host, the address and what helps', async () => {
    const workspace = await begin();
    await publish(workspace);
    await rename(server.path, join(root, 'moved.git'));
    await expect(visit(workspace)).rejects.toEqual(
      failing(
        'Git.Failed',
        /^The host \S+ could not fetch from file:\/\/.*server\.git[^]*Mount that path on this host/,
      ),
    );
    await rename(join(root, 'moved.git'), server.path);
    expect((await visit(workspace)).workspace.branch).toBe('gantry-visits/run-1.build.1.1');
  });

  it('fails the publishing of a branch, and nobody is told a password', async () => {
    const workspace = await begin();
    const secret = `http://someone:${CANARY}@127.0.0.1:9/x.git`;
    GitRepository.at(workspace.repository).git('config', 'remote.origin.url', secret);
    const error = (await publish(workspace).catch((reason: unknown) => reason)) as Error;
    expect(error).toEqual(
      failing('Git.Failed', /could not push refs\/gantry\/runs\/run-1 to http:\/\/127\.0\.0\.1:9\/x\.git/),
    );
    expect(error.message).not.toMatch(/someone|canary/);
  });

  it('does not lose what an agent did: the next try gives it back', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    const head = GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await rename(server.path, join(root, 'moved.git'));
    await expect(there.checkpoint()).rejects.toEqual(failing('Git.Failed', /could not push/));
    await expect(there.publish()).rejects.toEqual(failing('Git.Failed', /could not push/));
    await rename(join(root, 'moved.git'), server.path);
    expect((await there.publish()).head).toBe(head);
  });

  it('keeps the work on its host when it must leave without it', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await rename(server.path, join(root, 'moved.git'));
    await there.leave();
    const mirror = GitRepository.at(there.workspace.repository);
    const [salvage] = mirror.refs('refs/gantry/salvage/');
    expect(mirror.git('show', `${salvage}:a.txt`)).toBe('a');
    expect(warnings.join()).toMatch(/kept on this host alone/);
  });

  it('does not stop a workspace from being removed; the sweeper asks it again, and gives up after a day', async () => {
    const workspace = await begin();
    await publish(workspace);
    await rename(server.path, join(root, 'moved.git'));
    expect((await remove()).removed).toBe(true);
    expect(warnings.join()).toMatch(/could not be removed yet/);
    expect(existsSync(workspace.path)).toBe(false);
    expect(await listOwners(home)).toHaveLength(1);

    await sweepEnded(home);
    expect(await listOwners(home)).toHaveLength(1);
    const note = join(home.paths.workspace(RUN.runId), 'published.json');
    const published = JSON.parse(await readFile(note, 'utf8')) as object;
    await writeFile(note, JSON.stringify({ ...published, failingSince: Date.now() - 25 * 60 * 60_000 }));
    await sweepEnded(home);
    expect(await listOwners(home)).toEqual([]);
    expect(warnings.join()).toMatch(/stay at its origin/);
  });

  it('is asked again and then rid of the refs', async () => {
    const workspace = await begin();
    await publish(workspace);
    await rename(server.path, join(root, 'moved.git'));
    await remove();
    await rename(join(root, 'moved.git'), server.path);
    await sweepEnded(home);
    expect([gantryRefs(), await listOwners(home)]).toEqual([[], []]);
  });

  it('is not waited for without end, and nothing is left of the connection', async () => {
    const { repository } = await begin();
    const bin = join(root, 'bin');
    await mkdir(bin);
    const script = `#!/bin/sh\necho $$ >${root}/pid\nsleep 300\n`;
    await writeFile(join(bin, 'git-remote-slow'), script, { mode: 0o755 });
    const git = hostAt('home', { ...process.env, PATH: `${bin}:${process.env.PATH}` }).git;
    const asked = await git.attempt(repository, ['ls-remote', 'slow::x'], { timeoutMs: 1_000 });
    expect(asked).toMatchObject({ code: TIMED_OUT, stderr: expect.stringMatching(/no end after 1 seconds/) as string });
    const pid = Number(await readFile(join(root, 'pid'), 'utf8'));
    await waitUntil(async () => (await findProcess(pid)) === undefined);
  });
});

describe('what is missing', () => {
  it('is said of a branch that nobody published', async () => {
    const workspace = await begin();
    await expect(visit(workspace)).rejects.toEqual(failing('Git.Failed', /gantry\/run-1 is not published at file:/));
  });

  it('is said of a run that does not tell where its repository is', async () => {
    const { origin: _, ...workspace } = await begin();
    await expect(visit(workspace)).rejects.toEqual(failing('Git.Failed', /Nobody has said where/));
  });

  it('is said of commits that have gone from the origin', async () => {
    const workspace = await begin();
    const pushed = { ref: refOf(1), head: '0123456789012345678901234567890123456789' };
    await expect(receive(workspace, pushed)).rejects.toEqual(failing('Git.Failed', /is not there any more/));
  });
});

describe('the sweeper', () => {
  it('removes the worktree of a host that never came back to leave it, and keeps its work', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await writeFile(join(there.workspace.path, 'draft.txt'), 'draft');
    expect((await listOwners(away)).map(({ run }) => run)).toEqual([RUN]);
    await sweepEnded(away);
    expect([existsSync(there.workspace.path), await listOwners(away)]).toEqual([false, []]);
    const mirror = GitRepository.at(there.workspace.repository);
    const [salvage] = mirror.refs('refs/gantry/salvage/');
    expect([mirror.git('show', `${salvage}:draft.txt`), mirror.git('show', `${salvage}:a.txt`)]).toEqual([
      'draft',
      'a',
    ]);
  });

  it('leaves that of an open run alone', async () => {
    const workspace = await begin();
    await publish(workspace);
    const there = await visit(workspace);
    await sweep(sweeping(away, 'open'));
    expect(existsSync(there.workspace.path)).toBe(true);
  });
});

const sweepEnded = (host: Host): Promise<void> => sweep(sweeping(host, 'ended'));
const sweeping = (host: Host, state: 'open' | 'ended') => ({
  standingOf: () => Promise.resolve(state === 'open' ? { state } : { state, resumable: false, at: Date.now() }),
  owners: () => listOwners(host),
  removeWorkspace: (input: Parameters<typeof removeWorkspace>[1]) => removeWorkspace(host, input),
  log: { info: () => undefined, warn: (_: object, message: string) => warnings.push(message) } as never,
});

describe('who is who', () => {
  it('a home has one id for ever, also when many ask at once', async () => {
    const path = join(root, 'new', 'home');
    const ids = await Promise.all(Array.from({ length: 20 }, () => homeId(path)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(await homeId(path)).toBe(ids[0]);
    expect(await homeId(join(root, 'another'))).not.toBe(ids[0]);
  });

  it('an origin never says who logs in with which password', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9%~+@:=-]{1,20}$/);
    const place = fc.constantFrom('github.com/o/r.git', 'host:8443/r', '10.0.0.1/a/b@c.git');
    fc.assert(
      fc.property(fc.constantFrom('https', 'http', 'git'), part, part, place, (scheme, user, password, rest) => {
        const url = `${scheme}://${user}:${password}@${rest}`;
        expect(originOf(home, home.paths.mirror(url), url)).toBe(`${scheme}://${rest}`);
        expect(originOf(home, home.paths.mirror(url), `${scheme}://${password}@${rest}`)).toBe(`${scheme}://${rest}`);
        expect(originOf(home, home.paths.mirror(url), `${scheme}://${rest}`)).toBe(`${scheme}://${rest}`);
      }),
    );
    for (const [url, origin] of [
      ['ssh://git@host:22/r.git', 'ssh://git@host:22/r.git'],
      ['ssh://git:secret@host/r.git', 'ssh://git@host/r.git'],
      ['git@host:o/r.git', 'git@host:o/r.git'],
      ['file:///srv/r.git', 'file:///srv/r.git'],
    ] as const) {
      expect(originOf(home, home.paths.mirror(url), url)).toBe(origin);
    }
    expect(originOf(home, '/srv/my repo', '.')).toBe('file:///srv/my%20repo');
  });
});
