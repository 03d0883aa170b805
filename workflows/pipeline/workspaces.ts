import { condition } from '@temporalio/workflow';
import type { PreparedCommand } from '../../contracts/activities';
import type { StageDefinition } from '../../contracts/definition';
import { prepareCommand } from '../../contracts/expressions';
import { keySlug, runBranch, stageBranch, type StageKey } from '../../contracts/ids';
import type { Workspace } from '../../contracts/run';
import type { WorkspaceClaim } from '../../contracts/undo';
import { fault, toFault } from './fault';
import type { RunContext } from './run-context';

/**
 * The worktrees a run works in. The run's own is made when the first stage needs it and is shared by stages that
 * follow each other; a stage that runs beside others gets one of its own, merged back when its work is done.
 */
export class Workspaces {
  private preparing: Promise<Workspace> | undefined;
  private integrating = false;

  /**
   * A resumed run finds its worktree as somebody left it, or not at all: before its first use it is made sure of, and
   * made again from the branch where it is gone.
   */
  private looked: boolean;

  constructor(private readonly run: RunContext) {
    this.looked = run.input.intent === undefined;
  }

  /** Where a stage works. No promise where there is nothing to wait for, since most find it as it is. */
  forStage(stage: StageDefinition, key: StageKey): Promise<Workspace> | Workspace | undefined {
    if (stage.workspace === 'none') return undefined;
    return stage.workspace === 'own' ? this.own(key) : this.shared();
  }

  /** Bring a stage's own work back into the run's branch; one at a time, so that each merge sees the one before. */
  async integrate(key: StageKey): Promise<void> {
    const { run } = this;
    const stageWorkspace = run.state.stageWorkspaces[key];
    const workspace = run.state.workspace;
    if (stageWorkspace === undefined || workspace === undefined) return;
    await condition(() => !this.integrating);
    this.integrating = true;
    try {
      const { integrateStageWorkspace } = run.activities(`${key}: merge its branch into the run's`);
      const claim = this.stageClaim(key, workspace);
      await integrateStageWorkspace({ run: run.input.run, workspace, stageWorkspace, claim });
      run.apply({ type: 'stage-workspace.gone', key });
      run.apply({ type: 'undo.dropped', id: stageWorkspaceUndoId(key) });
    } finally {
      this.integrating = false;
    }
  }

  /** The run has ended well: remove its worktree, and its branch if that is merged. */
  async release(workspace: Workspace): Promise<void> {
    const { run } = this;
    const claim = this.runClaim(workspace.repository);
    const { removeWorkspace } = run.activities(`remove the worktree of ${claim.branch}`);
    try {
      await removeWorkspace({ claim, keepUnmergedBranch: true });
      run.apply({ type: 'undo.dropped', id: RUN_WORKSPACE_UNDO });
    } catch (error) {
      // The run's work is done and merged; a worktree left behind is reported and does not make it fail.
      const { failure } = toFault(error);
      const report = {
        id: RUN_WORKSPACE_UNDO,
        stage: '',
        label: `remove the worktree of ${claim.branch}`,
        attempts: 1,
      };
      run.apply({ type: 'undo.reported', report: { ...report, outcome: 'failed', message: failure.message } });
    }
  }

  private runClaim(repo: string): WorkspaceClaim {
    return { repo, runId: this.run.runId, branch: runBranch(this.run.runId) };
  }

  private shared(): Promise<Workspace> | Workspace {
    const known = this.run.state.workspace;
    if (known !== undefined && this.preparing === undefined && this.looked && this.stands()) return known;
    this.preparing ??= this.prepare().finally(() => {
      this.preparing = undefined;
    });
    return this.preparing;
  }

  /** An earlier execution of the run may have removed its worktree when it ended: a stage done again needs a new one. */
  private stands(): boolean {
    const { input, state } = this.run;
    return input.parent?.workspace !== undefined || state.undos.some(({ id }) => id === RUN_WORKSPACE_UNDO);
  }

  private async prepare(): Promise<Workspace> {
    const { run } = this;
    const { definition, repo, base } = run.input;
    if (repo === undefined) {
      throw fault(
        'Definition.Invalid',
        'A stage needs a workspace, but the run was started without a repository. Start it with --repo PATH|URL.',
      );
    }
    const claim = this.runClaim(repo);
    // Registered before the call: the worktree may be made and the answer be lost.
    run.apply({
      type: 'undo.registered',
      undo: {
        id: RUN_WORKSPACE_UNDO,
        stage: '',
        label: `remove the worktree and branch ${claim.branch}`,
        action: { kind: 'remove-workspace', workspace: claim },
      },
    });
    const setup = setupOf(run);
    const { prepareWorkspace } = run.activities(`worktree on ${claim.branch}`, { startToCloseTimeout: '30m' });
    const workspace = await prepareWorkspace({
      run: run.input.run,
      claim,
      ...(base === undefined ? {} : { base }),
      ports: definition.ports,
      ...(setup === undefined ? {} : { setup }),
    });
    run.apply({ type: 'workspace.ready', workspace });
    this.looked = true;
    return workspace;
  }

  private async own(key: StageKey): Promise<Workspace> {
    const { run } = this;
    const workspace = await this.shared();
    const known = run.state.stageWorkspaces[key];
    if (known !== undefined) return known;
    const claim = this.stageClaim(key, workspace);
    run.apply({
      type: 'undo.registered',
      undo: {
        id: stageWorkspaceUndoId(key),
        stage: key,
        label: `remove the worktree and branch ${claim.branch}`,
        action: { kind: 'remove-workspace', workspace: claim },
      },
    });
    const { prepareStageWorkspace } = run.activities(`${key}: worktree on ${claim.branch}`);
    const own = await prepareStageWorkspace({ run: run.input.run, workspace, claim });
    run.apply({ type: 'stage-workspace.ready', key, workspace: own });
    return own;
  }

  private stageClaim(key: StageKey, workspace: Workspace): WorkspaceClaim {
    const { run } = this;
    return { repo: workspace.repository, runId: run.runId, branch: stageBranch(run.runId, key), stage: keySlug(key) };
  }
}

const RUN_WORKSPACE_UNDO = 'run#0/workspace';

function stageWorkspaceUndoId(key: StageKey): string {
  return `${key}#0/workspace`;
}

/** What readies a worktree; a nested run works in that of the run that nests it. */
export function setupOf(run: RunContext): PreparedCommand | undefined {
  const { setup } = run.input.definition;
  if (setup === undefined) return run.input.parent?.setup;
  return prepareCommand(setup, run.scope(), { env: {}, secrets: [] });
}
