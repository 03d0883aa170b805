import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../../activities/host';
import { createHostActivities, type HostActivities } from '../../../activities/host-activities';
import type { VisitInput } from '../../../activities/sessions/dispatch/place';
import { removeWorkspace } from '../../../activities/workspaces/remove-workspace';
import { visitWorkspace } from '../../../activities/workspaces/visit-workspace';
import { listOwners } from '../../../activities/workspaces/workspace-record';
import { dispatchId, dispatchRef, publishedRef, runBranch } from '../../../contracts/ids';
import type { Workspace } from '../../../contracts/run';
import { compileSources } from '../../support/compile-sources';
import { GitRepository } from '../../support/git-repository';
import { killAfterGit } from '../../support/kill-after-git';
import {
  hostOptions,
  removeTemporary,
  temporaryDirectory,
  temporaryHost,
  UNDISTURBED,
} from '../../support/temporary-home';

// What carries work between homes, in a process that gets SIGKILL after its first git command, then in another after
// its second, and so on until one is left alone. Each time a second try must end as if nothing had happened.

const RUN = { project: 'calculator', runId: 'run-1' };
const ID = dispatchId(RUN.runId, 'build', 1, 1);
const REF = dispatchRef(RUN.runId, ID);
const BRANCH = runBranch(RUN.runId);
let compiled: string;
let root: string;
let server: GitRepository;
let activities: HostActivities;
let away: Host;

beforeAll(() => {
  compiled = compileSources('crash-windows-of-visits', ['contracts', 'activities', 'test/support']);
});
afterAll(() => rm(compiled, { recursive: true, force: true }));
afterEach(() => removeTemporary(root));

const claim = () => ({ repo: `file://${server.path}`, runId: RUN.runId, branch: BRANCH });
const awayHome = () => join(root, 'away');
const inputOf = (workspace: Workspace): VisitInput => ({ run: RUN, stage: 'build', dispatchId: ID, workspace });
const visit = (workspace: Workspace) => visitWorkspace(away, inputOf(workspace), UNDISTURBED);
const mirror = () => GitRepository.at(away.paths.mirror(claim().repo));

/** A run whose branch is published. */
async function begin(): Promise<Workspace> {
  root = await temporaryDirectory();
  const seed = GitRepository.create(join(root, 'seed'));
  seed.git('clone', '--quiet', '--bare', seed.path, join(root, 'server.git'));
  server = GitRepository.at(join(root, 'server.git'));
  activities = createHostActivities(hostOptions(root));
  away = temporaryHost(root, { home: awayHome() });
  const workspace = await activities.prepareWorkspace({ run: RUN, claim: claim(), ports: [] });
  GitRepository.at(workspace.path).commit({ 'before.txt': 'before' });
  await activities.publishBranch({ run: RUN, workspace });
  return workspace;
}

/** And an agent that has worked on it in another home. */
async function work(): Promise<{ workspace: Workspace; agent: GitRepository; head: string }> {
  const workspace = await begin();
  const agent = GitRepository.at((await visit(workspace)).workspace.path);
  const head = agent.commit({ 'a.txt': 'a' });
  agent.write({ 'draft.txt': 'draft' });
  return { workspace, agent, head };
}

describe('killed after each of its git commands, and tried again', () => {
  it('a visit makes one whole worktree', async () => {
    const kills = await killEach('visit-once.js', async () => {
      const workspace = await begin();
      return {
        request: { home: awayHome(), input: inputOf(workspace) },
        after: async () => {
          const { path } = (await visit(workspace)).workspace;
          const head = GitRepository.at(workspace.path).git('rev-parse', 'HEAD');
          expect([GitRepository.at(path).git('rev-parse', 'HEAD'), GitRepository.at(path).status()]).toEqual([
            head,
            '',
          ]);
          expect(mirror().git('worktree', 'list').split('\n')).toHaveLength(2);
          expect(await listOwners(away)).toHaveLength(1);
        },
      };
    });
    expect(kills).toBeGreaterThan(8);
  }, 300_000);

  it('publishing gives the commits back and keeps the rest once', async () => {
    const kills = await killEach('visit-once.js', async () => {
      const { workspace, agent, head } = await work();
      return {
        request: { home: awayHome(), input: inputOf(workspace), then: 'publish' },
        after: async () => {
          expect(await (await visit(workspace)).publish()).toEqual({ ref: REF, head });
          expect(server.git('rev-parse', REF)).toBe(head);
          const salvages = server.refs('refs/gantry/salvage/');
          expect(salvages.map((ref) => server.git('show', `${ref}:draft.txt`))).toEqual(['draft']);
          expect(agent.status()).toBe('?? draft.txt');
        },
      };
    });
    expect(kills).toBeGreaterThan(8);
  }, 300_000);

  it('leaving loses nothing, and the sweeper ends it', async () => {
    const kills = await killEach('visit-once.js', async () => {
      const { workspace, agent, head } = await work();
      return {
        request: { home: awayHome(), input: inputOf(workspace), then: 'leave' },
        after: async () => {
          for (const owner of await listOwners(away)) {
            await removeWorkspace(away, { claim: owner.claim, keepUnmergedBranch: false });
          }
          expect([existsSync(agent.path), await listOwners(away)]).toEqual([false, []]);
          expect(mirror().git('worktree', 'list').split('\n')).toHaveLength(1);
          expect(mirror().refs('refs/heads/')).toEqual([]);
          const salvages = mirror().refs('refs/gantry/salvage/');
          expect(salvages.map((ref) => mirror().git('show', `${ref}:draft.txt`))).toEqual(['draft']);
          expect(mirror().git('rev-parse', `${salvages[0]}^`)).toBe(head);
        },
      };
    });
    expect(kills).toBeGreaterThan(10);
  }, 300_000);

  it('publishBranch publishes it', async () => {
    const kills = await killEach('host-once.js', async () => {
      const workspace = await begin();
      const head = GitRepository.at(workspace.path).commit({ 'b.txt': 'b' });
      const input = { run: RUN, workspace };
      return {
        request: requestFor('publishBranch', input),
        after: async () => {
          expect(await activities.publishBranch(input)).toEqual({ head, dirty: false });
          expect(server.git('rev-parse', publishedRef(BRANCH))).toBe(head);
        },
      };
    });
    expect(kills).toBeGreaterThan(2);
  }, 300_000);

  it('receiveWork merges once', async () => {
    const kills = await killEach('host-once.js', async () => {
      const { workspace } = await work();
      const pushed = await (await visit(workspace)).publish();
      const mine = GitRepository.at(workspace.path);
      mine.commit({ 'c.txt': 'the run moves on' });
      const input = { run: RUN, workspace, ...pushed };
      return {
        request: requestFor('receiveWork', input),
        after: async () => {
          expect(await activities.receiveWork(input)).toEqual({ commits: 1, head: mine.git('rev-parse', BRANCH) });
          expect(mine.git('log', '--merges', '--format=%s').split('\n')).toHaveLength(1);
          expect([mine.status(), existsSync(join(mine.path, 'a.txt'))]).toEqual(['', true]);
          expect(server.refs('refs/gantry/dispatches/')).toEqual([]);
        },
      };
    });
    expect(kills).toBeGreaterThan(10);
  }, 300_000);

  it('removeWorkspace takes all of the run from the origin and keeps what nobody took in', async () => {
    const kills = await killEach('host-once.js', async () => {
      const { workspace, head } = await work();
      await (await visit(workspace)).checkpoint();
      const input = { claim: claim(), keepUnmergedBranch: false };
      return {
        request: requestFor('removeWorkspace', input),
        after: async () => {
          expect((await activities.removeWorkspace(input)).removed).toBe(true);
          expect(server.refs('refs/gantry/')).toEqual([]);
          const kept = GitRepository.at(workspace.repository);
          const salvages = kept.refs('refs/gantry/salvage/');
          expect(salvages.filter((ref) => kept.git('rev-parse', ref) === head)).toHaveLength(1);
          expect(await listOwners(temporaryHost(root))).toEqual([]);
        },
      };
    });
    expect(kills).toBeGreaterThan(10);
  }, 300_000);
});

const requestFor = (activity: keyof HostActivities, input: unknown) => ({
  home: hostOptions(root).home,
  secrets: {},
  activity,
  input,
});

interface Scenario {
  readonly request: unknown;
  /** The second try, and what must be then. */
  after(): Promise<void>;
}

/** How many git commands there were to be killed after. */
async function killEach(program: string, begins: () => Promise<Scenario>): Promise<number> {
  for (let command = 1; ; command += 1) {
    const { request, after } = await begins();
    await writeFile(join(root, 'request.json'), JSON.stringify(request));
    const argv = [join(compiled, 'test/support', program), join(root, 'request.json')];
    const wasKilled = await killAfterGit({ root, argv, environment: hostOptions(root).environment, command });
    await after();
    if (!wasKilled) return command - 1;
    await removeTemporary(root);
  }
}
