import { existsSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileName, type Host } from '../../../activities/host';
import { mergeBranch } from '../../../activities/git/merge-branch';
import { unmerge } from '../../../activities/git/unmerge';
import { prepareWorkspace } from '../../../activities/workspaces/prepare-workspace';
import { runBranch } from '../../../contracts/ids';
import type { Workspace } from '../../../contracts/run';
import { GitRepository } from '../../support/git-repository';
import { removeTemporary, temporaryDirectory, temporaryHost, UNDISTURBED } from '../../support/temporary-home';

const RUN = { project: 'calculator', runId: 'memory-keys-7f3a' };
const MERGE_ID = 'memory-keys-7f3a/merge[18,"linux"]#1/merge';
let root: string;
let host: Host;
let repo: GitRepository;
let workspace: Workspace;
let before: string;

beforeEach(async () => {
  root = await temporaryDirectory();
  host = temporaryHost(root);
  repo = GitRepository.create(join(root, 'repo'));
  await begin(repo.path);
});
afterEach(() => removeTemporary(root));

/** A run with two commits on its branch. */
async function begin(repository: string): Promise<void> {
  const claim = { repo: repository, runId: RUN.runId, branch: runBranch(RUN.runId) };
  workspace = await prepareWorkspace(host, { run: RUN, claim, ports: [] }, UNDISTURBED);
  before = workspace.baseCommit;
  GitRepository.at(workspace.path).commit({ 'a.txt': 'a' });
  GitRepository.at(workspace.path).commit({ 'b.txt': 'b' });
}
const merge = (more = {}) =>
  mergeBranch(host, { run: RUN, workspace, into: 'main', message: 'Add memory keys', mergeId: MERGE_ID, ...more });
const takeBack = () => unmerge(host, { repository: workspace.repository, into: 'main', mergeId: MERGE_ID });
const failing = (type: string, message: RegExp): unknown =>
  expect.objectContaining({ type, nonRetryable: true, message: expect.stringMatching(message) as string });
const leftovers = async () => [
  ...(await readdir(host.paths.scratch).catch(() => [])),
  ...(await readdir(host.paths.refreshes).catch(() => [])),
];

describe('merging into a branch', () => {
  it('makes one merge commit, moves the checkout with it, and finds it again', async () => {
    const result = await merge();
    expect(result).toEqual({ into: 'main', before, after: repo.git('rev-parse', 'main'), commits: 2 });
    expect(repo.git('log', '-1', '--format=%B')).toBe(`Add memory keys\n\nGantry-Merge: ${MERGE_ID}`);
    expect(repo.git('log', '-1', '--format=%P').split(' ')).toHaveLength(2);
    expect([repo.status(), await readFile(join(repo.path, 'b.txt'), 'utf8')]).toEqual(['', 'b']);
    repo.commit({ 'later.txt': '' });
    expect(await merge()).toEqual(result);
    expect(await leftovers()).toEqual([]);
  });

  it('leaves untracked files and other branches of the checkout alone', async () => {
    await writeFile(join(repo.path, 'notes.txt'), 'mine');
    await merge();
    expect(repo.status()).toBe('?? notes.txt');
    repo.git('checkout', '--quiet', '-b', 'other', before);
    await writeFile(join(repo.path, 'README.md'), 'uncommitted elsewhere');
    GitRepository.at(workspace.path).commit({ 'c.txt': 'c' });
    await merge({ mergeId: 'second' });
    expect(repo.status()).toBe(' M README.md\n?? notes.txt');
    expect(repo.git('show', 'main:c.txt')).toBe('c');
  });

  it('refuses where a person has uncommitted changes, or a file of theirs is in the way', async () => {
    await writeFile(join(repo.path, 'README.md'), 'uncommitted');
    await expect(merge()).rejects.toEqual(failing('Git.Failed', /checked out in .*uncommitted changes.*retry/));
    repo.git('checkout', '--quiet', 'README.md');
    await writeFile(join(repo.path, 'a.txt'), 'mine');
    await expect(merge()).rejects.toEqual(failing('Git.Failed', /in the way.*a\.txt/s));
    expect([repo.git('rev-parse', 'main'), await readFile(join(repo.path, 'a.txt'), 'utf8')]).toEqual([before, 'mine']);
    await rm(join(repo.path, 'a.txt'));
    expect((await merge()).commits).toBe(2);
  });

  it('says where both sides changed the same place, and changes nothing', async () => {
    const tip = repo.commit({ 'a.txt': 'other' });
    const conflict = await merge().catch((error: unknown) => error);
    expect(conflict).toEqual(failing('Git.Conflict', /a\.txt/));
    expect([repo.git('rev-parse', 'main'), repo.status(), await leftovers()]).toEqual([tip, '', []]);
    expect(repo.git('worktree', 'list').split('\n')).toHaveLength(2);
  });

  it('has nothing to do without commits', async () => {
    const own = { ...workspace, branch: 'empty' };
    repo.git('branch', 'empty');
    expect(await merge({ workspace: own })).toEqual({ into: 'main', before, after: before, commits: 0 });
  });

  it('refuses a branch that is not there, and names that are none', async () => {
    await expect(merge({ into: 'nowhere' })).rejects.toEqual(failing('Git.Failed', /no .*nowhere/));
    await expect(merge({ into: '--help' })).rejects.toEqual(failing('Definition.Invalid', /no name/));
  });

  it('brings several runs in at once, each of them once', async () => {
    const others = await Promise.all(
      ['one', 'two', 'three'].map(async (runId) => {
        const claim = { repo: repo.path, runId, branch: runBranch(runId) };
        const own = await prepareWorkspace(host, { run: { ...RUN, runId }, claim, ports: [] }, UNDISTURBED);
        GitRepository.at(own.path).commit({ [`${runId}.txt`]: runId });
        return { workspace: own, mergeId: runId };
      }),
    );
    await Promise.all([...others, ...others].map((one) => merge(one)));
    expect(repo.git('log', '--merges', '--format=%h').split('\n')).toHaveLength(3);
    expect(repo.status()).toBe('');
  });

  it('signs with a name of its own where the machine has none', async () => {
    await merge();
    expect(repo.git('log', '-1', '--format=%an <%ae>')).toBe('gantry <gantry@localhost>');
    repo.git('config', 'user.email', 'person@example.com');
    repo.git('config', 'user.name', 'Person');
    GitRepository.at(workspace.path).commit({ 'c.txt': 'c' });
    await merge({ mergeId: 'second' });
    expect(repo.git('log', '-1', '--format=%an <%ae>')).toBe('Person <person@example.com>');
  });

  it('runs no hook of the repository', async () => {
    for (const hook of ['post-merge', 'commit-msg', 'post-checkout', 'pre-commit', 'reference-transaction']) {
      await writeFile(join(repo.path, '.git/hooks', hook), `#!/bin/sh\ntouch ${root}/hook-ran\nexit 1\n`, {
        mode: 0o755,
      });
    }
    await merge();
    expect(existsSync(join(root, 'hook-ran'))).toBe(false);
  });

  it('completes the checkout that a killed worker left behind its branch', async () => {
    // The branch has moved and its checkout has not: what is left between the two steps.
    const { after } = await merge();
    repo.git('reset', '--quiet', '--hard', before);
    repo.git('update-ref', 'refs/heads/main', after);
    expect(repo.status()).not.toBe('');
    await interruptedMove(after);
    expect((await merge()).after).toBe(after);
    expect(repo.status()).toBe('');
  });

  it('sweeps the checkout of a merge that was killed', async () => {
    repo.git('worktree', 'add', '--quiet', '--detach', join(host.paths.scratch, 'merge-left-behind'));
    await merge();
    expect(await leftovers()).toEqual([]);
    expect(repo.git('worktree', 'list').split('\n')).toHaveLength(2);
  });
});

describe('taking a merge out again', () => {
  it('puts branch and checkout back where nobody has built on it', async () => {
    await merge();
    expect(await takeBack()).toContain('is back at');
    expect([repo.git('rev-parse', 'main'), repo.status(), existsSync(join(repo.path, 'a.txt'))]).toEqual([
      before,
      '',
      false,
    ]);
    expect(await takeBack()).toBe('nothing of it is in main');
  });

  it('reverts it, once, where others have committed since', async () => {
    await merge();
    repo.commit({ 'later.txt': 'kept' });
    expect(await takeBack()).toContain('reverts the merge');
    expect([existsSync(join(repo.path, 'a.txt')), existsSync(join(repo.path, 'later.txt'))]).toEqual([false, true]);
    const tip = repo.git('rev-parse', 'main');
    expect(await takeBack()).toContain('already reverted');
    expect([repo.git('rev-parse', 'main'), repo.status()]).toEqual([tip, '']);
  });

  it('that was reverted is not merged again unsaid', async () => {
    await merge();
    repo.commit({ 'later.txt': 'kept' });
    await takeBack();
    await expect(merge({ mergeId: 'second' })).rejects.toEqual(
      failing('Git.Failed', /reverted since\. Revert .* in main/),
    );
    GitRepository.at(workspace.path).commit({ 'c.txt': 'c' });
    await expect(merge({ mergeId: 'second' })).rejects.toEqual(failing('Git.Failed', /reverted since/));
    repo.git('revert', '--no-edit', 'HEAD');
    expect((await merge({ mergeId: 'second' })).commits).toBe(1);
    expect([existsSync(join(repo.path, 'a.txt')), existsSync(join(repo.path, 'c.txt'))]).toEqual([true, true]);
  });

  it('does nothing where it never happened, or the repository is gone', async () => {
    expect(await takeBack()).toBe('nothing of it is in main');
    expect(repo.git('rev-parse', 'main')).toBe(before);
    await rm(repo.path, { recursive: true });
    expect(await takeBack()).toContain('is gone');
  });

  it('takes out its own merge and no other', async () => {
    await merge({ mergeId: `${MERGE_ID}0` });
    expect(await takeBack()).toBe('nothing of it is in main');
  });

  it('refuses to touch uncommitted changes', async () => {
    await merge();
    await writeFile(join(repo.path, 'README.md'), 'uncommitted');
    await expect(takeBack()).rejects.toEqual(failing('Git.Failed', /uncommitted changes/));
    expect(await readFile(join(repo.path, 'README.md'), 'utf8')).toBe('uncommitted');
  });
});

describe('a repository by its address', () => {
  let origin: GitRepository;
  beforeEach(async () => {
    origin = GitRepository.at(join(root, 'origin.git'));
    repo.git('clone', '--quiet', '--bare', repo.path, origin.path);
    RUN.runId = 'remote-1';
    await begin(`file://${origin.path}`);
  });
  afterEach(() => {
    RUN.runId = 'memory-keys-7f3a';
  });

  it('gets the merge pushed, and reverted by a commit', async () => {
    const result = await merge();
    expect(result).toMatchObject({ before, commits: 2 });
    expect(origin.git('rev-parse', 'main')).toBe(result.after);
    expect(await merge()).toEqual(result);
    expect(await takeBack()).toContain('reverts the merge');
    expect(origin.git('diff', '--stat', before, 'main')).toBe('');
    expect(await takeBack()).toContain('already reverted');
  });

  it('is followed when others push', async () => {
    const clone = GitRepository.at(join(root, 'clone'));
    repo.git('clone', '--quiet', origin.path, clone.path);
    const pushed = clone.commit({ 'theirs.txt': '' });
    clone.git('push', '--quiet', 'origin', 'main');
    expect((await merge()).before).toBe(pushed);
    expect(origin.git('show', 'main:a.txt')).toBe('a');
  });
});

/** What is written down before a branch moves, by a worker that was killed right after it moved. */
async function interruptedMove(to: string): Promise<void> {
  const refresh = { repository: repo.path, ref: 'refs/heads/main', path: repo.path, from: before, to };
  const name = fileName(`${refresh.repository}\n${refresh.ref}\n${refresh.path}`);
  await writeFile(join(host.paths.refreshes, name), JSON.stringify(refresh));
}
