import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Workspace } from '../../../contracts/run';
import { runBranch, stageBranch } from '../../../contracts/ids';
import type { WorkspaceClaim } from '../../../contracts/undo';
import { freePorts } from '../../../activities/ports/port-blocks';
import type { Host } from '../../../activities/host';
import { integrateStageWorkspace } from '../../../activities/workspaces/integrate-stage-workspace';
import { prepareStageWorkspace, prepareWorkspace } from '../../../activities/workspaces/prepare-workspace';
import { removeWorkspace } from '../../../activities/workspaces/remove-workspace';
import { findProcess } from '../../../activities/processes/process-table';
import { GitRepository } from '../../support/git-repository';
import { waitUntil } from '../../support/wait-until';
import { removeTemporary, temporaryDirectory, temporaryHost, UNDISTURBED } from '../../support/temporary-home';

// A real repository and real worktrees. "A killed worker left" is made by hand: exactly what it would have left.

const RUN = { project: 'calculator', runId: 'memory-keys-7f3a' };
let root: string;
let host: Host;
let repo: GitRepository;
let claim: WorkspaceClaim;

beforeEach(async () => {
  root = await temporaryDirectory();
  host = temporaryHost(root);
  repo = GitRepository.create(join(root, 'repo'));
  claim = { repo: repo.path, runId: RUN.runId, branch: runBranch(RUN.runId) };
});
afterEach(() => removeTemporary(root));

const prepare = (more = {}): Promise<Workspace> =>
  prepareWorkspace(host, { run: RUN, claim, ports: [], ...more }, UNDISTURBED);
const stageClaim = (stage: string): WorkspaceClaim => ({ ...claim, branch: stageBranch(RUN.runId, stage), stage });
const failing = (type: string, message: RegExp): unknown =>
  expect.objectContaining({ type, nonRetryable: true, message: expect.stringMatching(message) as string });

describe('preparing a workspace', () => {
  it('makes a branch and a worktree from the current branch, and finds them again', async () => {
    const workspace = await prepare();
    expect(workspace).toMatchObject({
      repository: repo.path,
      branch: 'gantry/memory-keys-7f3a',
      base: 'main',
      baseCommit: repo.git('rev-parse', 'main'),
    });
    repo.commit({ 'later.txt': 'main moves on' });
    expect(await prepare()).toEqual(workspace);
    expect(await readFile(join(workspace.path, 'README.md'), 'utf8')).toBe('hello\n');
    expect(existsSync(join(workspace.path, 'later.txt'))).toBe(false);
  });

  it('makes one when many ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => prepare({ ports: ['web'] })));
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(repo.git('worktree', 'list').split('\n')).toHaveLength(2);
  });

  it('starts from a branch, a tag or a commit', async () => {
    repo.git('tag', 'v1');
    const first = repo.git('rev-parse', 'HEAD');
    repo.commit({ 'b.txt': '' });
    for (const [number, base] of ['v1', first, 'main~1'].entries()) {
      const runId = `run-${number}`;
      const own = { ...claim, runId, branch: runBranch(runId) };
      expect(await prepare({ claim: own, base })).toMatchObject({ base, baseCommit: first });
    }
    await expect(prepare({ base: 'nowhere' })).rejects.toEqual(failing('Git.Failed', /no branch.*"nowhere"/));
  });

  it('clones an address once, and knows what was pushed since', async () => {
    const own = { ...claim, repo: `file://${repo.path}` };
    const workspace = await prepare({ claim: own });
    expect(workspace.base).toBe('main');
    expect(workspace.repository.startsWith(host.paths.mirrors)).toBe(true);
    const pushed = repo.commit({ 'pushed.txt': '' });
    const next = { ...own, runId: 'next-1', branch: runBranch('next-1') };
    expect(await prepare({ claim: next })).toMatchObject({ repository: workspace.repository, baseCommit: pushed });
    expect((await removeWorkspace(host, { claim: own, keepUnmergedBranch: false })).removed).toBe(true);
    expect(repo.refs('refs/heads/')).toEqual(['refs/heads/main']);
  });

  it('refuses what is no repository, and addresses that run programs', async () => {
    for (const place of [join(root, 'nowhere'), 'ext::sh -c "touch pwned"', '--upload-pack=touch pwned', root]) {
      await expect(prepare({ claim: { ...claim, repo: place } })).rejects.toEqual(
        failing('Git.Failed', /no git repository/),
      );
    }
    expect(existsSync(join(process.cwd(), 'pwned'))).toBe(false);
  });

  it('goes on with the branch of an earlier execution', async () => {
    const first = await prepare();
    GitRepository.at(first.path).commit({ 'work.txt': 'done' });
    expect(await removeWorkspace(host, { claim, keepUnmergedBranch: true })).toEqual({
      removed: true,
      branchKept: true,
    });
    const again = await prepare();
    expect(again).toEqual(first);
    expect(await readFile(join(again.path, 'work.txt'), 'utf8')).toBe('done');
  });

  describe('after a worker was killed', () => {
    it('before the branch: makes all of it', async () => {
      const workspace = await prepare();
      await rm(join(host.paths.workspace(RUN.runId), 'made.json'));
      repo.git('worktree', 'remove', '--force', workspace.path);
      repo.git('branch', '-D', workspace.branch);
      repo.commit({ 'later.txt': '' });
      expect(await prepare()).toEqual(workspace);
      expect(GitRepository.at(workspace.path).git('rev-parse', 'HEAD')).toBe(workspace.baseCommit);
    });

    it('in the middle of the worktree: makes it anew', async () => {
      const workspace = await prepare();
      await rm(join(host.paths.workspace(RUN.runId), 'made.json'));
      repo.git('worktree', 'lock', '--reason', 'initializing', workspace.path);
      await rm(join(workspace.path, '.git'));
      await rm(join(workspace.path, 'README.md'));
      expect(await prepare()).toEqual(workspace);
      expect(GitRepository.at(workspace.path).status()).toBe('');
    });

    it('and the directory disappeared: makes it anew from the branch', async () => {
      const workspace = await prepare();
      GitRepository.at(workspace.path).commit({ 'work.txt': 'done' });
      await rm(workspace.path, { recursive: true });
      expect(await prepare()).toEqual(workspace);
      expect(existsSync(join(workspace.path, 'work.txt'))).toBe(true);
    });

    it('and git lost track of a worktree with work in it: puts it aside', async () => {
      const workspace = await prepare();
      await writeFile(join(workspace.path, 'work.txt'), 'precious');
      await rename(join(repo.path, '.git/worktrees'), join(root, 'gone'));
      await prepare();
      expect(GitRepository.at(workspace.path).status()).toBe('');
      expect(await findContent(host.paths.rescued(RUN.runId), 'work.txt')).toBe('precious');
    });
  });
});

describe('ports', () => {
  it('are the same when asked again, and others for another run', async () => {
    const { ports } = await prepare({ ports: ['web', 'db'] });
    expect(ports.db).toBe(ports.web! + 1);
    expect((await prepare({ ports: ['web', 'db'] })).ports).toEqual(ports);
    const other = { ...claim, runId: 'other-1', branch: runBranch('other-1') };
    const others = (await prepare({ claim: other, ports: ['web'] })).ports;
    expect(Object.values(ports)).not.toContain(others.web);
  });

  it('are free, and free again once the workspace is gone', async () => {
    const first = (await prepare({ ports: ['web'] })).ports.web!;
    await removeWorkspace(host, { claim, keepUnmergedBranch: false });
    expect((await prepare({ ports: ['web'] })).ports.web).toBe(first);
    await freePorts(host.paths.ports, RUN.runId);
    const server = createServer().listen(first, '127.0.0.1');
    await once(server, 'listening');
    const second = (await prepare({ ports: ['web'] })).ports.web;
    server.close();
    expect(second).not.toBe(first);
  });
});

describe('setup', () => {
  const setup = (command: string) => ({ setup: { command, env: {}, secrets: [] } });

  it('runs once', async () => {
    await prepare(setup('echo ran >>setup.log'));
    const { path } = await prepare(setup('echo ran >>setup.log'));
    expect(await readFile(join(path, 'setup.log'), 'utf8')).toBe('ran\n');
  });

  it('fails with its log, and can be tried again', async () => {
    const failed = failing('Stage.CommandFailed', /exit code 3/);
    await expect(prepare(setup('echo no compiler; exit 3'))).rejects.toEqual(failed);
    await expect(prepare(setup('echo no compiler; exit 3'))).rejects.toMatchObject({
      details: [{ evidence: { inline: 'no compiler\n' } }],
    });
    await prepare(setup('exit 0'));
  });
});

describe('a workspace of a stage', () => {
  it('starts where the run is and is merged back', async () => {
    const workspace = await prepare();
    GitRepository.at(workspace.path).commit({ 'before.txt': '' });
    const input = { run: RUN, workspace, claim: stageClaim('ui') };
    const stageWorkspace = await prepareStageWorkspace(host, input);
    expect(await prepareStageWorkspace(host, input)).toEqual(stageWorkspace);
    expect(stageWorkspace).toMatchObject({ base: workspace.branch, ports: workspace.ports });
    GitRepository.at(stageWorkspace.path).commit({ 'ui.txt': 'ui' });
    GitRepository.at(workspace.path).commit({ 'server.txt': 'server' });

    const result = await integrateStageWorkspace(host, { ...input, stageWorkspace });
    expect(result).toEqual({ commits: 1, head: GitRepository.at(workspace.path).git('rev-parse', 'HEAD') });
    expect(await readFile(join(workspace.path, 'ui.txt'), 'utf8')).toBe('ui');
    expect(existsSync(stageWorkspace.path)).toBe(false);
    expect(repo.refs('refs/heads/gantry/')).toEqual(['refs/heads/gantry/memory-keys-7f3a']);
    expect(await integrateStageWorkspace(host, { ...input, stageWorkspace })).toEqual(result);
  });

  it('can be made again after it was merged, from where the run is then', async () => {
    const { workspace, stageWorkspace, input } = await stageWithCommit({ 'a.txt': 'a' });
    const first = await integrateStageWorkspace(host, { ...input, stageWorkspace });
    const second = await prepareStageWorkspace(host, input);
    expect(second.baseCommit).toBe(first.head);
    GitRepository.at(second.path).commit({ 'b.txt': 'b' });
    expect((await integrateStageWorkspace(host, { ...input, stageWorkspace: second })).commits).toBe(1);
    expect(existsSync(join(workspace.path, 'b.txt'))).toBe(true);
  });

  it('that conflicts leaves the run as it was and says where', async () => {
    const { workspace, stageWorkspace, input } = await stageWithCommit({ 'README.md': 'stage\n' });
    const run = GitRepository.at(workspace.path);
    const head = run.commit({ 'README.md': 'run\n' });
    const conflict = await integrateStageWorkspace(host, { ...input, stageWorkspace }).catch((error: unknown) => error);
    expect(conflict).toEqual(failing('Git.Conflict', /README\.md/));
    expect(conflict).toMatchObject({
      details: [{ files: ['README.md'], evidence: { inline: expect.any(String) as string } }],
    });
    const { evidence } = (conflict as { details: [{ evidence: { inline: string } }] }).details[0];
    expect(evidence.inline).toMatch(/run[^]*\|\|\|\|\|\|\|[^]*hello[^]*stage/);
    expect([run.git('rev-parse', 'HEAD'), run.status()]).toEqual([head, '']);
    expect(existsSync(stageWorkspace.path)).toBe(true);
  });

  it('keeps what the stage did not commit', async () => {
    const { stageWorkspace, input } = await stageWithCommit({ 'a.txt': 'a' });
    await writeFile(join(stageWorkspace.path, 'draft.txt'), 'draft');
    await integrateStageWorkspace(host, { ...input, stageWorkspace });
    expect(repo.git('show', `refs/gantry/salvage/${RUN.runId}/ui:draft.txt`)).toBe('draft');
  });

  describe('when the worker was killed', () => {
    it('in the middle of the merge: merges again', async () => {
      const { workspace, stageWorkspace, input } = await stageWithCommit({ 'a.txt': 'a' });
      GitRepository.at(workspace.path).commit({ 'b.txt': 'b' });
      GitRepository.at(workspace.path).git('merge', '--no-ff', '--no-commit', stageWorkspace.branch);
      expect((await integrateStageWorkspace(host, { ...input, stageWorkspace })).commits).toBe(1);
      expect(GitRepository.at(workspace.path).status()).toBe('');
    });

    it('after the merge: does not merge twice', async () => {
      const { workspace, stageWorkspace, input } = await stageWithCommit({ 'a.txt': 'a' });
      const run = GitRepository.at(workspace.path);
      run.git('merge', '--no-ff', '--no-edit', stageWorkspace.branch);
      const head = run.git('rev-parse', 'HEAD');
      expect(await integrateStageWorkspace(host, { ...input, stageWorkspace })).toEqual({ commits: 1, head });
    });

    it('after the branch was removed: answers the same', async () => {
      const { stageWorkspace, input } = await stageWithCommit({ 'a.txt': 'a' });
      const result = await integrateStageWorkspace(host, { ...input, stageWorkspace });
      await rm(join(host.paths.workspace(RUN.runId, 'ui'), 'removed.json'));
      expect(await integrateStageWorkspace(host, { ...input, stageWorkspace })).toEqual(result);
    });
  });

  async function stageWithCommit(files: Record<string, string>) {
    const workspace = await prepare();
    const input = { run: RUN, workspace, claim: stageClaim('ui') };
    const stageWorkspace = await prepareStageWorkspace(host, input);
    GitRepository.at(stageWorkspace.path).commit(files);
    return { workspace, stageWorkspace, input };
  }
});

describe('removing a workspace', () => {
  const remove = (keepUnmergedBranch = false) => removeWorkspace(host, { claim, keepUnmergedBranch });
  const salvage = `refs/gantry/salvage/${RUN.runId}/run`;

  it('leaves nothing of a clean one, and says the same again', async () => {
    const before = { refs: repo.refs(), worktrees: repo.git('worktree', 'list') };
    const workspace = await prepare({ ports: ['web'] });
    const removed = { removed: true, branchKept: false };
    expect(await remove()).toEqual(removed);
    expect(await remove()).toEqual(removed);
    expect({ refs: repo.refs(), worktrees: repo.git('worktree', 'list') }).toEqual(before);
    expect(existsSync(workspace.path)).toBe(false);
    expect(JSON.parse(await readFile(host.paths.ports, 'utf8'))).toEqual({});
  });

  it('stops what its commands left running, and keeps their logs', async () => {
    const setup = { command: '(setsid sh -c "echo \\$\\$ >pid; exec sleep 300" &); echo ready', env: {}, secrets: [] };
    const { path } = await prepare({ setup });
    const pid = await waitUntil(async () => Number(await readFile(join(path, 'pid'), 'utf8').catch(() => '0')));
    await remove();
    expect(await findProcess(pid)).toBeUndefined();
    expect(await readFile(join(host.paths.command(RUN.runId, 'setup'), 'out/log'), 'utf8')).toBe('ready\n');
  });

  it('does nothing where there never was one', async () => {
    expect(await remove()).toEqual({ removed: false, branchKept: false });
  });

  it('keeps uncommitted, new, staged and deleted files', async () => {
    const { path } = await prepare();
    const work = GitRepository.at(path);
    work.write({ 'new.txt': 'new', 'deep/er.txt': 'deep', 'ignored/x': 'ignored', 'staged.txt': 'staged first' });
    work.git('add', 'staged.txt');
    work.write({ 'README.md': 'changed', 'staged.txt': 'then changed' });
    expect(await remove()).toEqual({ removed: true, branchKept: false, salvage });
    expect(repo.git('ls-tree', '-r', '--name-only', salvage).split('\n')).toEqual([
      '.gitignore',
      'README.md',
      'deep/er.txt',
      'new.txt',
      'staged.txt',
    ]);
    expect(repo.git('show', `${salvage}:README.md`)).toBe('changed');
    expect(repo.git('show', `${salvage}:staged.txt`)).toBe('then changed');
    expect(repo.git('show', `${salvage}^2:staged.txt`)).toBe('staged first');
  });

  it('keeps commits nobody merged, with uncommitted work on top of them', async () => {
    const { path } = await prepare();
    const commit = GitRepository.at(path).commit({ 'a.txt': 'a' });
    await writeFile(join(path, 'b.txt'), 'b');
    expect(await remove()).toEqual({ removed: true, branchKept: false, salvage });
    expect(repo.git('rev-parse', `${salvage}^`)).toBe(commit);
    expect(repo.refs('refs/heads/gantry/')).toEqual([]);
  });

  it('keeps the branch instead when it is to, and not when it was merged', async () => {
    const { path, branch } = await prepare();
    GitRepository.at(path).commit({ 'a.txt': 'a' });
    expect(await remove(true)).toEqual({ removed: true, branchKept: true });
    await prepare();
    repo.git('merge', '--quiet', branch);
    expect(await remove(true)).toEqual({ removed: true, branchKept: false });
    expect(repo.refs('refs/gantry/')).toEqual([]);
  });

  it('keeps commits on a detached HEAD', async () => {
    const { path } = await prepare();
    const work = GitRepository.at(path);
    work.git('checkout', '--quiet', '--detach');
    const commit = work.commit({ 'a.txt': 'a' });
    expect(await remove()).toMatchObject({ salvage });
    expect(repo.git('rev-parse', salvage)).toBe(commit);
  });

  it('keeps work in the middle of a conflict', async () => {
    const { path, branch } = await prepare();
    repo.commit({ 'README.md': 'main' });
    const work = GitRepository.at(path);
    work.commit({ 'README.md': 'run' });
    expect(() => work.git('merge', 'main')).toThrow();
    work.write({ 'README.md': 'half resolved' });
    expect(await remove()).toMatchObject({ salvage });
    expect(repo.git('show', `${salvage}:README.md`)).toBe('half resolved');
    expect(repo.refs('refs/heads/')).not.toContain(`refs/heads/${branch}`);
  });

  it('keeps a repository inside the worktree on the disk', async () => {
    const { path } = await prepare();
    GitRepository.create(join(path, 'inner')).write({ 'x.txt': 'x' });
    const removed = await remove();
    expect(await readFile(join(removed.salvage!, 'inner/x.txt'), 'utf8')).toBe('x');
  });

  it('keeps the work of every execution of a run', async () => {
    for (const content of ['first', 'second']) {
      const { path } = await prepare();
      await writeFile(join(path, 'work.txt'), content);
      await remove();
    }
    expect(repo.git('show', `${salvage}:work.txt`)).toBe('first');
    expect(repo.git('show', `${salvage}-2:work.txt`)).toBe('second');
  });

  describe('when the worker was killed', () => {
    it('after the salvage: keeps the work once', async () => {
      const { path } = await prepare();
      await writeFile(join(path, 'work.txt'), 'work');
      const notes = join(host.paths.workspace(RUN.runId));
      const saved = await readFile(join(notes, 'planned.json'), 'utf8');
      expect(await remove()).toMatchObject({ salvage });
      // Back to just after the ref was written: worktree, branch and notes as they were.
      repo.git('update-ref', 'refs/heads/gantry/memory-keys-7f3a', 'main');
      repo.git('worktree', 'add', '--quiet', path, 'gantry/memory-keys-7f3a');
      await writeFile(join(path, 'work.txt'), 'work');
      await rm(join(notes, 'removed.json'));
      await writeFile(join(notes, 'planned.json'), saved);
      await writeFile(join(notes, 'made.json'), 'true');
      expect(await remove()).toMatchObject({ salvage });
      expect(repo.refs('refs/gantry/')).toEqual([salvage]);
    });

    it('after the directory was removed: removes the rest and still tells of the salvage', async () => {
      const { path } = await prepare();
      await writeFile(join(path, 'work.txt'), 'work');
      await remove();
      repo.git('update-ref', 'refs/heads/gantry/memory-keys-7f3a', 'main');
      expect(await remove()).toEqual({ removed: true, branchKept: false, salvage });
      expect(repo.refs('refs/heads/')).toEqual(['refs/heads/main']);
    });

    it('and somebody deleted the directory: prunes it', async () => {
      const { path } = await prepare();
      await rm(path, { recursive: true });
      expect(await remove()).toEqual({ removed: true, branchKept: false });
      expect(repo.git('worktree', 'list').split('\n')).toHaveLength(1);
    });
  });

  it('keeps the work on the disk when the repository is gone', async () => {
    const { path } = await prepare();
    await writeFile(join(path, 'work.txt'), 'precious');
    await rm(repo.path, { recursive: true });
    const removed = await remove();
    expect(await readFile(join(removed.salvage!, 'work.txt'), 'utf8')).toBe('precious');
  });
});

async function findContent(directory: string, name: string): Promise<string> {
  const [entry] = await readdir(directory);
  return readFile(join(directory, entry!, name), 'utf8');
}
