import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Visit } from '../../../activities/sessions/dispatch/place';
import { findProcess } from '../../../activities/processes/process-table';
import { homeId } from '../../../activities/workspaces/home-id';
import { prepareStageWorkspace, prepareWorkspace } from '../../../activities/workspaces/prepare-workspace';
import { visitWorkspace } from '../../../activities/workspaces/visit-workspace';
import { listOwners } from '../../../activities/workspaces/workspace-record';
import { dispatchRef, publishedRef, stageBranch } from '../../../contracts/ids';
import type { Workspace } from '../../../contracts/run';
import { GitRepository } from '../../support/git-repository';
import { UNDISTURBED } from '../../support/temporary-home';
import { failing, idOf, refOf, RUN, TwoHomes } from '../../support/two-homes';
import { waitUntil } from '../../support/wait-until';

// Worktrees of one run in two real homes: what a host with a home of its own begins with, does and gives back.

let world: TwoHomes;
beforeEach(async () => {
  world = await TwoHomes.create();
});
afterEach(() => world.end());

const gantryRefs = (repository: GitRepository): string[] => repository.refs('refs/gantry/');

describe.each(['an address', 'a path'])('a run that was started with %s', (kind) => {
  const repository = () => (kind === 'a path' ? GitRepository.at(join(world.root, 'seed')) : world.server);
  const started = () => world.begin(kind === 'a path' ? repository().path : world.address);

  it('is worked on in another home, and has the commits afterwards', async () => {
    const workspace = await started();
    const mine = GitRepository.at(workspace.path);
    mine.commit({ 'before.txt': 'before' });
    expect(await world.publish(workspace)).toEqual({ head: mine.git('rev-parse', 'HEAD'), dirty: false });

    const there = await world.visit(workspace);
    expect(there.workspace.home).toBe(await homeId(join(world.root, 'away')));
    expect(there.workspace.path.startsWith(join(world.root, 'away'))).toBe(true);
    const agent = GitRepository.at(there.workspace.path);
    expect(existsSync(join(agent.path, 'before.txt'))).toBe(true);
    agent.commit({ 'a.txt': 'a' });
    const head = agent.commit({ 'b.txt': 'b' });
    const pushed = await there.publish();
    expect(pushed).toEqual({ ref: refOf(1), head });
    await there.leave();
    expect([existsSync(agent.path), await listOwners(world.away)]).toEqual([false, []]);

    const received = { commits: 2, head };
    expect(await world.receive(workspace, pushed)).toEqual(received);
    expect(await world.receive(workspace, pushed)).toEqual(received);
    expect([mine.git('rev-parse', workspace.branch), mine.status()]).toEqual([head, '']);
    expect(gantryRefs(repository())).toEqual([publishedRef(workspace.branch)]);
    await world.remove(kind === 'a path' ? repository().path : world.address);
    expect(gantryRefs(repository())).toEqual([]);
    expect(world.warnings).toEqual([]);
    // What was given back is kept nowhere twice.
    expect(GitRepository.at(there.workspace.repository).refs('refs/gantry/')).toEqual([]);
    expect(GitRepository.at(there.workspace.repository).refs('refs/heads/')).toEqual([]);
  });

  it('never gets a branch from a host with another home', async () => {
    const workspace = await started();
    const before = repository().refs('refs/heads/');
    await world.publish(workspace);
    const there = await world.visit(workspace);
    GitRepository.at(there.workspace.path).git('checkout', '--quiet', '-b', 'of-the-agent');
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await there.publish();
    await there.leave();
    expect(repository().refs('refs/heads/')).toEqual(before);
  });
});

it('a stage that works apart is published and visited by its own branch', async () => {
  const workspace = await world.begin();
  const claim = { ...world.claim(), branch: stageBranch(RUN.runId, 'ui'), stage: 'ui' };
  const ui = await prepareStageWorkspace(world.home, { run: RUN, workspace, claim });
  expect([ui.home, ui.origin]).toEqual([workspace.home, workspace.origin]);
  const head = GitRepository.at(ui.path).commit({ 'ui.txt': 'ui' });
  await Promise.all([world.publish(workspace), world.publish(ui)]);
  expect(gantryRefs(world.server)).toEqual(['refs/gantry/runs/run-1', 'refs/gantry/runs/run-1--ui']);
  expect(GitRepository.at((await world.visit(ui)).workspace.path).git('rev-parse', 'HEAD')).toBe(head);
  await world.remove();
  expect(gantryRefs(world.server)).toEqual([]);
});

it('a path with spaces and other signs is found from another home', async () => {
  const odd = GitRepository.create(join(world.root, 'my repo 100% ü#1?'));
  const workspace = await world.begin(odd.path);
  await world.publish(workspace);
  const there = await world.visit(workspace);
  const head = GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
  expect(await world.receive(workspace, await there.publish())).toEqual({ commits: 1, head });
});

describe('the worktree in the other home', () => {
  it('is found as it is by a second try, also while the origin is gone', async () => {
    const workspace = await world.published();
    const first = await world.visit(workspace);
    const agent = GitRepository.at(first.workspace.path);
    const commit = agent.commit({ 'a.txt': 'a' });
    agent.write({ 'draft.txt': 'draft', 'README.md': 'changed' });
    const status = agent.status();
    GitRepository.at(workspace.path).commit({ 'later.txt': 'the run moves on' });
    await world.publish(workspace);
    await rename(world.server.path, world.elsewhere);
    const second = await world.visit(workspace);
    expect(second.workspace).toEqual(first.workspace);
    expect([agent.git('rev-parse', 'HEAD'), agent.status()]).toEqual([commit, status]);
  });

  it('is one, when many ask at once', async () => {
    const workspace = await world.published();
    const visits = await Promise.all(Array.from({ length: 4 }, () => world.visit(workspace)));
    expect(new Set(visits.map((one) => one.workspace.path)).size).toBe(1);
    const others = await Promise.all([2, 3, 4].map((attempt) => world.visit(workspace, attempt)));
    expect(new Set(others.map((one) => one.workspace.path)).size).toBe(3);
  });

  it('is set up once, and again when it is made again', async () => {
    const workspace = await world.published();
    const setup = { command: 'echo ran >>ignored-setup.log', env: {}, secrets: [] };
    const read = (one: Visit) => readFile(join(one.workspace.path, 'ignored-setup.log'), 'utf8');
    await world.visit(workspace, 1, { setup });
    const there = await world.visit(workspace, 1, { setup });
    expect(await read(there)).toBe('ran\n');
    await there.leave();
    expect(await read(await world.visit(workspace, 1, { setup }))).toBe('ran\n');
    expect(await read(await world.visit(workspace, 2, { setup }))).toBe('ran\n');
    await expect(world.visit(workspace, 3, { setup: { ...setup, command: 'exit 3' } })).rejects.toEqual(
      failing('Stage.CommandFailed', /exit code 3/),
    );
  });

  it('takes with it what its set-up left running', async () => {
    const workspace = await world.published();
    const command = '(setsid sh -c "echo \\$\\$ >pid; exec sleep 300" &); echo ready';
    const there = await world.visit(workspace, 1, { setup: { command, env: {}, secrets: [] } });
    const pidFile = join(there.workspace.path, 'pid');
    const pid = await waitUntil(async () => Number(await readFile(pidFile, 'utf8').catch(() => '0')));
    await there.leave();
    expect(await findProcess(pid)).toBeUndefined();
  });

  it('has the ports that the run was given', async () => {
    const workspace = await prepareWorkspace(
      world.home,
      { run: RUN, claim: world.claim(world.address), ports: ['web'] },
      UNDISTURBED,
    );
    await world.publish(workspace);
    expect((await world.visit(workspace)).workspace.ports).toEqual(workspace.ports);
  });
});

describe('a conversation that goes on', () => {
  const goOn = (workspace: Workspace, attempt = 1, turn = 2) =>
    visitWorkspace(
      world.away,
      { run: RUN, stage: 'build', dispatchId: idOf(attempt, turn), workspace, goesOn: true },
      UNDISTURBED,
    );

  it('does so in the directory it was about, where the run is by then', async () => {
    const workspace = await world.published();
    await world.visit(workspace, 1);
    const there = await world.visit(workspace, 2);
    const agent = GitRepository.at(there.workspace.path);
    agent.commit({ 'a.txt': 'a' });
    agent.write({ 'notes.txt': 'of the agent' });
    await world.receive(workspace, await there.publish());
    const fixed = GitRepository.at(workspace.path).commit({ 'review.txt': 'by another stage' });
    await world.publish(workspace);

    const next = await goOn(workspace);
    expect(next.workspace).toEqual(there.workspace);
    expect([agent.git('rev-parse', 'HEAD'), agent.status()]).toEqual([fixed, '?? notes.txt']);
    const head = agent.commit({ 'b.txt': 'b' });
    GitRepository.at(workspace.path).commit({ 'later.txt': 'later' });
    await world.publish(workspace);
    // A second try leaves the agent at its work.
    expect(await (await goOn(workspace)).publish()).toEqual({ ref: dispatchRef(RUN.runId, idOf(1, 2)), head });
    await next.leave();
    expect(existsSync(agent.path)).toBe(false);
    expect((await listOwners(world.away)).map(({ claim }) => claim.branch)).toEqual(['gantry-visits/run-1.build.1.1']);
  });

  it('keeps what it can not bring up to date as it is', async () => {
    const workspace = await world.published();
    const agent = GitRepository.at((await world.visit(workspace)).workspace.path);
    const head = agent.commit({ 'README.md': 'agent' });
    GitRepository.at(workspace.path).commit({ 'README.md': 'run' });
    await world.publish(workspace);
    await goOn(workspace);
    expect([agent.git('rev-parse', 'HEAD'), agent.status()]).toEqual([head, '']);
    expect(world.warnings.join()).toMatch(/is behind its run/);
  });

  it('begins where the run is when that directory has gone', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    await there.leave();
    expect((await goOn(workspace)).workspace.branch).toBe('gantry-visits/run-1.build.2.1');
  });
});

describe('what was not committed', () => {
  it('in the worktree of the run does not travel, and that is said', async () => {
    const workspace = await world.begin();
    GitRepository.at(workspace.path).write({ 'draft.txt': 'draft' });
    expect((await world.publish(workspace)).dirty).toBe(true);
    expect(existsSync(join((await world.visit(workspace)).workspace.path, 'draft.txt'))).toBe(false);
  });

  it('by the agent is kept at the origin, once, and the agent may go on', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    const agent = GitRepository.at(there.workspace.path);
    const head = agent.commit({ 'a.txt': 'a' });
    agent.write({ 'draft.txt': 'draft' });
    for (let time = 0; time < 2; time += 1) expect((await there.publish()).head).toBe(head);
    const salvages = () => world.server.refs('refs/gantry/salvage/');
    expect(salvages()).toHaveLength(1);
    expect(world.server.git('show', `${salvages()[0]}:draft.txt`)).toBe('draft');
    expect(agent.status()).toBe('?? draft.txt');
    await there.leave();
    expect(salvages()).toHaveLength(1);
    await world.remove();
    expect(gantryRefs(world.server)).toEqual(salvages());
  });

  it('of two hosts with the same dispatch is kept of both', async () => {
    const workspace = await world.published();
    for (const [name, content] of [
      ['away', 'one'],
      ['third', 'two'],
    ] as const) {
      const there = await world.visit(workspace, 1, {}, world.hostAt(name));
      await writeFile(join(there.workspace.path, 'draft.txt'), content);
      await there.leave();
    }
    const kept = world.server.refs('refs/gantry/salvage/').map((ref) => world.server.git('show', `${ref}:draft.txt`));
    expect(kept.sort()).toEqual(['one', 'two']);
  });

  it('and git can not hold stays on the disk, and the commits are given back', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    const agent = GitRepository.at(there.workspace.path);
    const head = agent.commit({ 'a.txt': 'a' });
    GitRepository.create(join(agent.path, 'inner')).write({ 'x.txt': 'x' });
    const pushed = await there.publish();
    expect([pushed.head, existsSync(join(agent.path, 'inner/x.txt'))]).toEqual([head, true]);
    expect(await world.receive(workspace, pushed)).toEqual({ commits: 1, head });
    await there.leave();
    expect(existsSync(world.away.paths.rescued(RUN.runId))).toBe(true);
  });
});

describe('a host that dies', () => {
  it('leaves its checkpoints for the next attempt, on a third host', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    expect(await there.checkpoint()).toBeUndefined();
    expect(world.server.refs('refs/gantry/dispatches/')).toEqual([]);
    const agent = GitRepository.at(there.workspace.path);
    const first = agent.commit({ 'a.txt': 'a' });
    expect(await there.checkpoint()).toBe(first);
    expect(await there.checkpoint()).toBeUndefined();
    agent.commit({ 'lost.txt': 'after the last checkpoint' });

    const next = await world.visit(workspace, 2, {}, world.hostAt('third'));
    const heir = GitRepository.at(next.workspace.path);
    expect(heir.git('rev-parse', 'HEAD')).toBe(first);
    const head = heir.commit({ 'b.txt': 'b' });
    expect(await world.receive(workspace, await next.publish())).toEqual({ commits: 2, head });
    // The ref of the attempt that was given up goes with it.
    expect(gantryRefs(world.server)).toEqual([publishedRef(workspace.branch)]);
  });

  it('and pushes on is not taken in, but what it did is kept', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    const zombie = GitRepository.at(there.workspace.path);
    const first = zombie.commit({ 'a.txt': 'a' });
    await there.checkpoint();
    const next = await world.visit(workspace, 2, {}, world.hostAt('third'));
    zombie.commit({ 'late.txt': 'late' });
    await there.checkpoint();
    expect(await world.receive(workspace, await next.publish())).toEqual({ commits: 1, head: first });
    const [salvage] = GitRepository.at(workspace.repository).refs('refs/gantry/salvage/');
    expect(GitRepository.at(workspace.repository).git('show', `${salvage}:late.txt`)).toBe('late');
    expect(existsSync(join(workspace.path, 'late.txt'))).toBe(false);
  });

  it('does not take the next turn back to where it was', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await there.checkpoint();
    const moved = GitRepository.at(workspace.path).commit({ 'home.txt': 'the run went on at home' });
    await world.publish(workspace);
    const next = await world.visit(workspace, 2, {}, world.hostAt('third'));
    expect(GitRepository.at(next.workspace.path).git('rev-parse', 'HEAD')).toBe(moved);
  });

  it('may have rewritten what it pushed', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    const agent = GitRepository.at(there.workspace.path);
    agent.commit({ 'a.txt': 'a' });
    await there.checkpoint();
    agent.git('commit', '--quiet', '--amend', '--message', 'better');
    const head = agent.git('rev-parse', 'HEAD');
    // By a process that knows nothing of the first one's pushes.
    expect(await (await world.visit(workspace, 1, {}, world.hostAt('away'))).checkpoint()).toBe(head);
    expect(world.server.git('rev-parse', refOf(1))).toBe(head);
  });

  it('never overwrites what somebody else pushed under its name', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    const third = await world.visit(workspace, 1, {}, world.hostAt('third'));
    const theirs = GitRepository.at(third.workspace.path).commit({ 'c.txt': 'c' });
    await third.publish();
    await expect(there.publish()).rejects.toEqual(failing('Git.Failed', /not from this host/));
    expect(world.server.git('rev-parse', refOf(1))).toBe(theirs);
  });
});

describe('the sweeper', () => {
  it('removes the worktree of a host that never came back to leave it, and keeps its work', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    await writeFile(join(there.workspace.path, 'draft.txt'), 'draft');
    expect((await listOwners(world.away)).map(({ run }) => run)).toEqual([RUN]);
    await world.sweep(world.away, 'ended');
    expect([existsSync(there.workspace.path), await listOwners(world.away)]).toEqual([false, []]);
    const mirror = GitRepository.at(there.workspace.repository);
    const [salvage] = mirror.refs('refs/gantry/salvage/');
    expect([mirror.git('show', `${salvage}:draft.txt`), mirror.git('show', `${salvage}:a.txt`)]).toEqual([
      'draft',
      'a',
    ]);
  });

  it('leaves that of an open run alone', async () => {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    await world.sweep(world.away, 'open');
    expect(existsSync(there.workspace.path)).toBe(true);
  });
});

describe('what is missing', () => {
  it('is said of a branch that nobody published', async () => {
    const workspace = await world.begin();
    await expect(world.visit(workspace)).rejects.toEqual(
      failing('Git.Failed', /gantry\/run-1 is not published at file:/),
    );
  });

  it('is said of a run that does not tell where its repository is', async () => {
    const { origin: _, ...workspace } = await world.begin();
    await expect(world.visit(workspace)).rejects.toEqual(failing('Git.Failed', /Nobody has said where/));
  });
});
