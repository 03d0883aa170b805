import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { runBranch } from '../../contracts/ids';
import type { Workspace } from '../../contracts/run';
import type { UndoAction } from '../../contracts/undo';
import { createHostActivities, type HostActivities } from '../../activities/host-activities';
import { GitRepository } from '../support/git-repository';
import { hostOptions, removeTemporary, temporaryDirectory } from '../support/temporary-home';
import { waitUntil } from '../support/wait-until';

const RUN = { project: 'calculator', runId: 'run-1' };
let root: string;
let activities: HostActivities;
let repo: GitRepository;
let workspace: Workspace;
const claim = () => ({ repo: repo.path, runId: RUN.runId, branch: runBranch(RUN.runId) });

beforeEach(async () => {
  root = await temporaryDirectory();
  activities = createHostActivities(hostOptions(root));
  repo = GitRepository.create(join(root, 'repo'));
  repo.commit({ 'rollback.sh': 'echo back >>"$1"' });
  workspace = await activities.prepareWorkspace({ run: RUN, claim: claim(), ports: [] });
});
afterEach(() => removeTemporary(root));

const undo = (action: UndoAction) => activities.undo({ run: RUN, action });
const command = (text: string, within: Workspace | undefined = workspace): UndoAction => {
  const action = { kind: 'command', command: text, env: { GANTRY_V1: join(root, 'undone') }, secrets: [] } as const;
  return within === undefined ? action : { ...action, workspace: within };
};
const undone = () => readFile(join(root, 'undone'), 'utf8').catch(() => '');

describe('undoing', () => {
  it('removes a workspace and says where its work is', async () => {
    GitRepository.at(workspace.path).commit({ 'a.txt': 'a' });
    const action = { kind: 'remove-workspace', workspace: claim() } as const;
    const { message } = await undo(action);
    expect(message).toBe('gantry/run-1 is removed, its work kept in refs/gantry/salvage/run-1/run');
    expect(existsSync(workspace.path)).toBe(false);
    expect(await undo(action)).toEqual({ message });
  });

  it('takes a merge out again', async () => {
    GitRepository.at(workspace.path).commit({ 'a.txt': 'a' });
    await activities.mergeBranch({ run: RUN, workspace, into: 'main', message: 'Merge', mergeId: 'm1' });
    await undo({ kind: 'unmerge', repository: repo.path, into: 'main', mergeId: 'm1' });
    expect(repo.git('rev-parse', 'main')).toBe(workspace.baseCommit);
  });

  it('can be tried again by Temporal, whatever failed', async () => {
    GitRepository.at(workspace.path).commit({ 'a.txt': 'a' });
    await activities.mergeBranch({ run: RUN, workspace, into: 'main', message: 'Merge', mergeId: 'm1' });
    await writeFile(join(repo.path, 'README.md'), 'uncommitted');
    await expect(undo({ kind: 'unmerge', repository: repo.path, into: 'main', mergeId: 'm1' })).rejects.toMatchObject({
      type: 'Undo.Failed',
      nonRetryable: false,
      message: expect.stringMatching(/^Git\.Failed: .*uncommitted changes/) as string,
    });
  });
});

describe('an undo command', () => {
  it('runs in the worktree, once', async () => {
    const environment = new MockActivityEnvironment({ activityId: '7' });
    const act = () => environment.run(activities.undo, { run: RUN, action: command('sh rollback.sh "$GANTRY_V1"') });
    expect(await act()).toEqual({ message: 'exit code 0' });
    await act();
    expect(await undone()).toBe('back\n');
  });

  it('runs for each stage that has the same one', async () => {
    for (const activityId of ['7', '8']) {
      const environment = new MockActivityEnvironment({ activityId });
      await environment.run(activities.undo, { run: RUN, action: command('sh rollback.sh "$GANTRY_V1"') });
    }
    expect(await undone()).toBe('back\nback\n');
  });

  it('runs again when it failed', async () => {
    const failing = command('echo tried >>"$GANTRY_V1"; echo no network; exit 6');
    for (const _ of [1, 2]) {
      await expect(undo(failing)).rejects.toMatchObject({
        nonRetryable: false,
        message: 'The undo command ended with exit code 6: no network',
      });
    }
    expect(await undone()).toBe('tried\ntried\n');
  });

  it('finds its files when the worktree is gone already', async () => {
    GitRepository.at(workspace.path).commit({ 'rollback.sh': 'echo newer >>"$1"' });
    await activities.removeWorkspace({ claim: claim(), keepUnmergedBranch: true });
    await undo(command('sh rollback.sh "$GANTRY_V1"'));
    expect(await undone()).toBe('newer\n');
    expect(repo.git('worktree', 'list').split('\n')).toHaveLength(1);
  });

  it('is attached to by the next try when the worker goes away', async () => {
    await activities.removeWorkspace({ claim: claim(), keepUnmergedBranch: true });
    const text = 'echo begun >>"$GANTRY_V1"; while [ ! -e "$GANTRY_V1.go" ]; do sleep 0.05; done; test -e rollback.sh';
    const environment = new MockActivityEnvironment({ activityId: '7' });
    const first = environment.run(activities.undo, { run: RUN, action: command(text) });
    await waitUntil(undone);
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(first).rejects.toThrow('WORKER_SHUTDOWN');
    await writeFile(join(root, 'undone.go'), '');
    const next = new MockActivityEnvironment({ activityId: '7' });
    expect(await next.run(activities.undo, { run: RUN, action: command(text) })).toEqual({ message: 'exit code 0' });
    expect(await undone()).toBe('begun\n');
    expect(repo.git('worktree', 'list').split('\n')).toHaveLength(1);
  });
});
