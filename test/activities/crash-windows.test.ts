import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHostActivities, type HostActivities } from '../../activities/host-activities';
import type { Host } from '../../activities/host';
import { runBranch, stageBranch } from '../../contracts/ids';
import type { Workspace } from '../../contracts/run';
import { compileSources } from '../support/compile-sources';
import { GitRepository } from '../support/git-repository';
import { killAfterGit } from '../support/kill-after-git';
import { hostOptions, removeTemporary, temporaryDirectory, temporaryHost } from '../support/temporary-home';

// Each activity is run in a worker of its own that gets SIGKILL right after its first git command, then in another
// after its second, and so on until one is left alone. Each time a second try must end as if nothing had happened.

const RUN = { project: 'calculator', runId: 'run-1' };
let compiled: string;
let root: string;
let host: Host;
let activities: HostActivities;
let repo: GitRepository;

beforeAll(() => {
  compiled = compileSources('crash-windows', ['contracts', 'activities', 'test/support']);
});
afterAll(() => rm(compiled, { recursive: true, force: true }));
afterEach(() => removeTemporary(root));

const claim = () => ({ repo: repo.path, runId: RUN.runId, branch: runBranch(RUN.runId) });
const stageClaim = () => ({ ...claim(), branch: stageBranch(RUN.runId, 'ui'), stage: 'ui' });
const prepare = () => activities.prepareWorkspace({ run: RUN, claim: claim(), ports: ['web'] });
const merge = (workspace: Workspace) => ({ run: RUN, workspace, into: 'main', message: 'Merge', mergeId: 'm1' });

async function begin(): Promise<void> {
  root = await temporaryDirectory();
  host = temporaryHost(root);
  activities = createHostActivities(hostOptions(root));
  repo = GitRepository.create(join(root, 'repo'));
}

/** A run whose worktree has a commit. */
async function work(): Promise<Workspace> {
  const workspace = await prepare();
  GitRepository.at(workspace.path).commit({ 'a.txt': 'a' });
  return workspace;
}

const nothingLeft = async () => {
  const places = [host.paths.scratch, host.paths.refreshes];
  return (await Promise.all(places.map((place) => readdir(place).catch(() => [])))).flat();
};

describe('killed after each of its git commands, and tried again', () => {
  it('prepareWorkspace makes one whole worktree', async () => {
    const kills = await killAfterEach('prepareWorkspace', {
      before: () => Promise.resolve({ run: RUN, claim: claim(), ports: ['web'] }),
      after: (result) => {
        const workspace = result as Workspace;
        expect(workspace).toMatchObject({ base: 'main', baseCommit: repo.git('rev-parse', 'main') });
        expect(GitRepository.at(workspace.path).status()).toBe('');
        expect(repo.git('worktree', 'list').split('\n')).toHaveLength(2);
      },
    });
    expect(kills).toBeGreaterThan(5);
  }, 300_000);

  it('integrateStageWorkspace merges once', async () => {
    const kills = await killAfterEach('integrateStageWorkspace', {
      before: async () => {
        const workspace = await work();
        const stageWorkspace = await activities.prepareStageWorkspace({ run: RUN, workspace, claim: stageClaim() });
        GitRepository.at(stageWorkspace.path).commit({ 'ui.txt': 'ui' });
        return { run: RUN, workspace, stageWorkspace, claim: stageClaim() };
      },
      after: (result) => {
        expect(result).toEqual({ commits: 1, head: repo.git('rev-parse', runBranch(RUN.runId)) });
        expect(repo.git('log', '--merges', '--format=%s', runBranch(RUN.runId)).split('\n')).toHaveLength(1);
        expect(GitRepository.at(host.paths.worktree(RUN.runId)).status()).toBe('');
        expect(repo.refs('refs/heads/gantry')).toEqual([`refs/heads/${runBranch(RUN.runId)}`]);
      },
    });
    expect(kills).toBeGreaterThan(10);
  }, 300_000);

  it('mergeBranch makes one merge, and the checkout follows', async () => {
    const kills = await killAfterEach('mergeBranch', {
      before: async () => merge(await work()),
      after: async (result) => {
        expect(result).toMatchObject({ commits: 1, after: repo.git('rev-parse', 'main') });
        expect(repo.git('log', '--merges', '--format=%s', 'main').split('\n')).toHaveLength(1);
        expect([repo.status(), existsSync(join(repo.path, 'a.txt'))]).toEqual(['', true]);
        expect(await nothingLeft()).toEqual([]);
      },
    });
    expect(kills).toBeGreaterThan(10);
  }, 300_000);

  it('unmerge leaves branch and checkout as they were', async () => {
    const kills = await killAfterEach('undo', {
      before: async () => {
        await activities.mergeBranch(merge(await work()));
        return { run: RUN, action: { kind: 'unmerge', repository: repo.path, into: 'main', mergeId: 'm1' } };
      },
      after: async () => {
        expect([repo.git('log', '--format=%s', 'main'), repo.status()]).toEqual(['first', '']);
        expect(await nothingLeft()).toEqual([]);
      },
    });
    expect(kills).toBeGreaterThan(5);
  }, 300_000);

  it('removeWorkspace keeps the work once and removes the rest', async () => {
    const salvage = `refs/gantry/salvage/${RUN.runId}/run`;
    const kills = await killAfterEach('removeWorkspace', {
      before: async () => {
        await writeFile(join((await work()).path, 'draft.txt'), 'draft');
        return { claim: claim(), keepUnmergedBranch: false };
      },
      after: async (result) => {
        expect(result).toEqual({ removed: true, branchKept: false, salvage });
        expect(repo.refs()).toEqual([salvage, 'refs/heads/main']);
        expect([repo.git('show', `${salvage}:draft.txt`), repo.git('show', `${salvage}:a.txt`)]).toEqual([
          'draft',
          'a',
        ]);
        expect(repo.git('worktree', 'list').split('\n')).toHaveLength(1);
        expect(existsSync(host.paths.worktree(RUN.runId))).toBe(false);
        expect(await nothingLeft()).toEqual([]);
      },
    });
    expect(kills).toBeGreaterThan(10);
  }, 300_000);
});

interface Scenario {
  /** Everything up to the activity; gives its input. */
  before(): Promise<unknown>;
  after(result: unknown): void | Promise<void>;
}

/** How many git commands there were to be killed after. */
async function killAfterEach(activity: keyof HostActivities, scenario: Scenario): Promise<number> {
  for (let command = 1; ; command += 1) {
    await begin();
    const input = await scenario.before();
    const wasKilled = await runAndKill(activity, input, command);
    const retry = activities[activity] as (input: unknown) => Promise<unknown>;
    await scenario.after(await retry(input));
    if (!wasKilled) return command - 1;
    await removeTemporary(root);
  }
}

async function runAndKill(activity: keyof HostActivities, input: unknown, command: number): Promise<boolean> {
  const request = join(root, 'request.json');
  const { home, environment } = hostOptions(root);
  await writeFile(request, JSON.stringify({ home, secrets: {}, activity, input }));
  const argv = [join(compiled, 'test/support/host-once.js'), request];
  return killAfterGit({ root, argv, environment, command });
}
