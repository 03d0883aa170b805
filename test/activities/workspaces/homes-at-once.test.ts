import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../../activities/files/lock';
import { prepareWorkspace } from '../../../activities/workspaces/prepare-workspace';
import { publishBranch } from '../../../activities/workspaces/publish-branch';
import { receiveWork } from '../../../activities/workspaces/receive-work';
import { removeWorkspace } from '../../../activities/workspaces/remove-workspace';
import { visitWorkspace } from '../../../activities/workspaces/visit-workspace';
import { listOwners } from '../../../activities/workspaces/workspace-record';
import { dispatchId, publishedRef, runBranch } from '../../../contracts/ids';
import { GitRepository } from '../../support/git-repository';
import { UNDISTURBED } from '../../support/temporary-home';
import { refOf, TwoHomes } from '../../support/two-homes';

// Each home locks a repository against itself alone. Git's own locks are all that stands between two of them.

let world: TwoHomes;
beforeEach(async () => {
  world = await TwoHomes.create();
});
afterEach(() => world.end());

/** A run of one home, an agent in the other, and everything taken away again. */
async function wholeRun(number: number, repo: string): Promise<void> {
  const [home, away] = number % 2 === 0 ? [world.home, world.away] : [world.away, world.home];
  const run = { project: 'calculator', runId: `run-${number}` };
  const claim = { repo, runId: run.runId, branch: runBranch(run.runId) };
  const workspace = await prepareWorkspace(home, { run, claim, ports: [] }, UNDISTURBED);
  await publishBranch(home, { run, workspace });
  const id = dispatchId(run.runId, 'build', 1, 1);
  const there = await visitWorkspace(away, { run, stage: 'build', dispatchId: id, workspace }, UNDISTURBED);
  const head = GitRepository.at(there.workspace.path).commit({ [`${number}.txt`]: 'done' });
  const { ref } = await there.publish();
  await there.leave();
  expect(await receiveWork(home, { run, workspace, ref, head })).toEqual({ commits: 1, head });
  await removeWorkspace(home, { claim, keepUnmergedBranch: true });
  expect(GitRepository.at(workspace.repository).git('rev-parse', workspace.branch)).toBe(head);
}

it.each(['its path', 'its address'])(
  'two homes do many runs in one repository by %s',
  async (how) => {
    const { home, away, seed, server } = world;
    const [shared, repo] = how === 'its path' ? [seed, seed.path] : [server, world.address];
    const runs = await Promise.allSettled(Array.from({ length: 8 }, (_, number) => wholeRun(number, repo)));
    expect(runs.flatMap((run) => (run.status === 'rejected' ? [String(run.reason)] : []))).toEqual([]);
    expect(world.warnings).toEqual([]);
    expect(shared.refs('refs/gantry/')).toEqual([]);
    expect(shared.git('worktree', 'list').split('\n')).toHaveLength(1);
    expect((await Promise.all([home, away].map(listOwners))).flat()).toEqual([]);
    shared.git('fsck', '--strict');
  },
  120_000,
);

describe.each(['its path', 'its address'])('in a repository by %s, what another process is at', (how) => {
  const repository = () => (how === 'its path' ? world.seed : world.server);
  const repo = () => (how === 'its path' ? world.seed.path : world.address);

  it('is waited for when a branch is published and withdrawn', async () => {
    const workspace = await world.begin(repo());
    await whileLocked(publishedRef(workspace.branch), () => world.publish(workspace));
    expect(repository().refs('refs/gantry/')).toEqual([publishedRef(workspace.branch)]);
    await whileLocked('packed-refs', () => world.remove(repo()));
    expect([repository().refs('refs/gantry/'), world.warnings]).toEqual([[], []]);
  });

  it('is waited for when an agent gives its commits back', async () => {
    const workspace = await world.begin(repo());
    await world.publish(workspace);
    const there = await world.visit(workspace);
    const head = GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    const pushed = await whileLocked(refOf(1), () => there.publish());
    expect(await whileLocked('packed-refs', () => world.receive(workspace, pushed))).toEqual({ commits: 1, head });
    expect([repository().refs('refs/gantry/dispatches/'), world.warnings]).toEqual([[], []]);
  });

  it.each(['commondir', 'HEAD'])('is waited for when it is at the %s of a worktree', async (file) => {
    const half = <T>(work: () => Promise<T>) => whileHalfMade(file, work);
    const workspace = await half(() => world.begin(repo()));
    await half(() => world.publish(workspace));
    const there = await half(() => world.visit(workspace));
    const head = GitRepository.at(there.workspace.path).commit({ 'a.txt': 'a' });
    const pushed = await half(() => there.publish());
    await half(() => there.leave());
    expect(await half(() => world.receive(workspace, pushed))).toEqual({ commits: 1, head });
    await half(() => world.remove(repo()));
    expect([repository().refs('refs/gantry/'), world.warnings]).toEqual([[], []]);
  });

  /** Longer than git by itself waits: a tenth of a second for one ref, one second for all of them. */
  async function whileLocked<T>(what: string, work: () => Promise<T>): Promise<T> {
    const lock = join(gitDirectory(), `${what}.lock`);
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, '', { flag: 'wx' });
    const working = work();
    await Promise.race([working, sleep(1_500)]);
    expect(existsSync(lock)).toBe(true);
    await rm(lock);
    return working;
  }

  /** What `git worktree add` has written of its records at the moment that another git reads them. */
  async function whileHalfMade<T>(file: string, work: () => Promise<T>): Promise<T> {
    const records = join(gitDirectory(), 'worktrees', 'half');
    await mkdir(records, { recursive: true });
    await writeFile(join(records, 'gitdir'), `${join(world.root, 'half', '.git')}\n`);
    await writeFile(join(records, 'HEAD'), `${'0'.repeat(40)}\n`);
    await writeFile(join(records, 'commondir'), file === 'commondir' ? '' : '../..\n');
    const working = work();
    await Promise.race([working, sleep(300)]);
    await rm(records, { recursive: true });
    return working;
  }

  function gitDirectory(): string {
    return repository().git('rev-parse', '--absolute-git-dir');
  }
});

it('of two stages that publish one branch at once, none takes it back to where it was before', async () => {
  const workspace = await world.published();
  const ref = publishedRef(workspace.branch);
  let publishing: Promise<{ readonly head: string }> | undefined;
  let head = '';
  await withLock(world.home.paths.lock(`${workspace.repository} ${ref}`), async () => {
    publishing = world.publish(workspace);
    await Promise.race([publishing, sleep(500)]);
    head = GitRepository.at(workspace.path).commit({ 'later.txt': 'of the other stage' });
  });
  expect(await publishing).toMatchObject({ head });
  expect(world.server.git('rev-parse', ref)).toBe(head);
});
