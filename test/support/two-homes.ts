import { join } from 'node:path';
import type { Host } from '../../activities/host';
import type { Visit, VisitInput } from '../../activities/sessions/dispatch/place';
import { prepareWorkspace } from '../../activities/workspaces/prepare-workspace';
import { publishBranch } from '../../activities/workspaces/publish-branch';
import { receiveWork } from '../../activities/workspaces/receive-work';
import { removeWorkspace } from '../../activities/workspaces/remove-workspace';
import { visitWorkspace } from '../../activities/workspaces/visit-workspace';
import { listOwners } from '../../activities/workspaces/workspace-record';
import type { IntegrateResult, PublishResult, RemoveWorkspaceResult } from '../../contracts/activities';
import { dispatchId, dispatchRef, runBranch } from '../../contracts/ids';
import type { Workspace } from '../../contracts/run';
import { sweep } from '../../workers/sweep';
import { GitRepository } from './git-repository';
import { removeTemporary, temporaryDirectory, temporaryHost, UNDISTURBED } from './temporary-home';

export const RUN = { project: 'calculator', runId: 'run-1' };

/** Two real homes, and one repository that both see: a server's (bare, by its address) or a person's (by its path). */
export class TwoHomes {
  readonly warnings: string[] = [];
  readonly server: GitRepository;
  /** A person's clone of the same. */
  readonly seed: GitRepository;
  /** Has the run. */
  readonly home: Host;
  /** Has the agent. */
  readonly away: Host;

  private constructor(readonly root: string) {
    this.home = this.hostAt('home');
    this.away = this.hostAt('away');
    this.seed = GitRepository.create(join(root, 'seed'));
    this.seed.git('clone', '--quiet', '--bare', this.seed.path, join(root, 'server.git'));
    this.server = GitRepository.at(join(root, 'server.git'));
  }

  static async create(): Promise<TwoHomes> {
    return new TwoHomes(await temporaryDirectory());
  }

  end(): Promise<void> {
    return removeTemporary(this.root);
  }

  hostAt(name: string, environment: NodeJS.ProcessEnv = process.env): Host {
    const warn = (message: string, attributes?: object): void => {
      const words = (_: string, value: unknown): unknown => (value instanceof Error ? value.message : value);
      this.warnings.push(`${message} ${JSON.stringify(attributes, words)}`);
    };
    return temporaryHost(this.root, {
      home: join(this.root, name),
      environment: { ...environment, HOME: this.root, XDG_CONFIG_HOME: this.root },
      log: { info: () => undefined, warn },
    });
  }

  get address(): string {
    return `file://${this.server.path}`;
  }

  claim(repo = this.address) {
    return { repo, runId: RUN.runId, branch: runBranch(RUN.runId) };
  }

  /** The workspace of a run, not yet published. */
  begin(repo?: string): Promise<Workspace> {
    return prepareWorkspace(this.home, { run: RUN, claim: this.claim(repo), ports: [] }, UNDISTURBED);
  }

  /** The same, published. */
  async published(): Promise<Workspace> {
    const workspace = await this.begin();
    await this.publish(workspace);
    return workspace;
  }

  publish(workspace: Workspace): Promise<PublishResult> {
    return publishBranch(this.home, { run: RUN, workspace });
  }

  visit(workspace: Workspace, attempt = 1, more: Partial<VisitInput> = {}, host = this.away): Promise<Visit> {
    const input = { run: RUN, stage: 'build', dispatchId: idOf(attempt), workspace, ...more };
    return visitWorkspace(host, input, UNDISTURBED);
  }

  receive(workspace: Workspace, pushed: { readonly ref: string; readonly head: string }): Promise<IntegrateResult> {
    return receiveWork(this.home, { run: RUN, workspace, ...pushed });
  }

  remove(repo?: string): Promise<RemoveWorkspaceResult> {
    return removeWorkspace(this.home, { claim: this.claim(repo), keepUnmergedBranch: true });
  }

  /** What the sweeper of a host does when the run is open, or has ended for good. */
  sweep(host: Host, state: 'open' | 'ended'): Promise<void> {
    return sweep({
      standingOf: () => Promise.resolve(state === 'open' ? { state } : { state, resumable: false, at: Date.now() }),
      owners: () => listOwners(host),
      removeWorkspace: (input) => removeWorkspace(host, input),
      log: { info: () => undefined, warn: (_: object, message: string) => this.warnings.push(message) } as never,
    });
  }

  /** Where the server's repository is while it can not be reached. */
  get elsewhere(): string {
    return join(this.root, 'moved.git');
  }
}

export function idOf(attempt: number, turn = 1): string {
  return dispatchId(RUN.runId, 'build', turn, attempt);
}

export function refOf(attempt: number, turn = 1): string {
  return dispatchRef(RUN.runId, idOf(attempt, turn));
}

export function failing(type: string, message: RegExp): unknown {
  return expect.objectContaining({ type, message: expect.stringMatching(message) as string });
}
