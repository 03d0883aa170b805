import { join } from 'node:path';
import type { Host } from '../../../activities/host';
import { prepareWorkspace } from '../../../activities/workspaces/prepare-workspace';
import { publishBranch } from '../../../activities/workspaces/publish-branch';
import { receiveWork } from '../../../activities/workspaces/receive-work';
import { removeWorkspace } from '../../../activities/workspaces/remove-workspace';
import { visitWorkspace } from '../../../activities/workspaces/visit-workspace';
import { listOwners } from '../../../activities/workspaces/workspace-record';
import { dispatchId, runBranch } from '../../../contracts/ids';
import { GitRepository } from '../../support/git-repository';
import { removeTemporary, temporaryDirectory, temporaryHost, UNDISTURBED } from '../../support/temporary-home';

// Each home locks a repository against itself alone. Git's own locks are all that stands between two of them.

let root: string;
let shared: GitRepository;
let homes: readonly [Host, Host];
let warnings: string[];

beforeEach(async () => {
  root = await temporaryDirectory();
  shared = GitRepository.create(join(root, 'shared'));
  warnings = [];
  homes = [hostAt('one'), hostAt('two')];
});
afterEach(() => removeTemporary(root));

function hostAt(name: string): Host {
  const warn = (message: string, attributes?: object): void =>
    void warnings.push(`${message} ${JSON.stringify(attributes)}`);
  return temporaryHost(root, { home: join(root, name), log: { info: () => undefined, warn } });
}

/** A run of one home, an agent in the other, and everything taken away again. */
async function wholeRun(number: number, repo: string): Promise<void> {
  const [home, away] = number % 2 === 0 ? homes : [homes[1], homes[0]];
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
  // see below
}

it.each(['its path', 'its address'])('two homes work on one repository by %s', async (how) => {
  const repo = how === 'its path' ? shared.path : `file://${shared.path}`;
  const runs = Array.from({ length: 16 }, (_, number) => wholeRun(number, repo));
  const failed = (await Promise.allSettled(runs)).flatMap((r) => (r.status === 'rejected' ? [String(r.reason)] : []));
  expect(failed).toEqual([]);
  expect(warnings).toEqual([]);
  expect(shared.refs('refs/gantry/')).toEqual([]);
  expect(shared.git('worktree', 'list').split('\n')).toHaveLength(1);
  expect((await Promise.all(homes.map(listOwners))).flat()).toEqual([]);
  shared.git('fsck', '--strict');
}, 120_000);
