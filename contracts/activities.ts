import type { Contract, PipelineDefinition } from './definition';
import type { Json, JsonObject } from './json';
import type { EvaluationActivities } from './evaluation';
import type { ModelActivities } from './models';
import type { RunRef, Workspace } from './run';
import type { Ask, AskAnswer, ControlInput, ControlResult, Conversation, Lease, ReserveInput } from './sessions';
import type { Shape } from './shape';
import type { Text } from './text';
import type { UndoAction, WorkspaceClaim } from './undo';

// What activities do for workflows: one object in, one object out. Every one may be tried again after a crash
// between its effect and its answer, and must then find what it did and answer the same. Failures are
// `ApplicationFailure`s with a type of contracts/errors.ts.

/** Git worktrees, one for a run and one for each stage that works apart. */
export interface WorkspaceActivities {
  /** Make the branch and worktree, or find them as they are; allot ports; run `setup` once. */
  prepareWorkspace(input: PrepareWorkspaceInput): Promise<Workspace>;
  /** A worktree and branch of a stage's own, from the run's branch as it is now. */
  prepareStageWorkspace(input: StageWorkspaceInput): Promise<Workspace>;
  /** Merge a stage's branch into the run's, then remove the stage's worktree and branch. Fails: Git.Conflict. */
  integrateStageWorkspace(input: IntegrateInput): Promise<IntegrateResult>;
  /** Salvage what nobody merged, then remove worktree and branch. Does nothing where there is none. */
  removeWorkspace(input: RemoveWorkspaceInput): Promise<RemoveWorkspaceResult>;
  /** Merge the run's branch into a branch of the repository. Fails: Git.Conflict, Git.BaseMoved. */
  mergeBranch(input: MergeInput): Promise<MergeResult>;
}

export interface PrepareWorkspaceInput {
  readonly run: RunRef;
  readonly claim: WorkspaceClaim;
  /** Branch, tag or commit to start from; the repository's current branch when absent. */
  readonly base?: string;
  readonly ports: readonly string[];
  readonly setup?: PreparedCommand;
}

export interface StageWorkspaceInput {
  readonly run: RunRef;
  readonly workspace: Workspace;
  readonly claim: WorkspaceClaim;
}

export interface IntegrateInput {
  readonly run: RunRef;
  readonly workspace: Workspace;
  readonly stageWorkspace: Workspace;
  readonly claim: WorkspaceClaim;
}

export interface IntegrateResult {
  readonly commits: number;
  readonly head: string;
}

export interface RemoveWorkspaceInput {
  readonly claim: WorkspaceClaim;
  /** Keep the branch: its commits are the run's result and are in no other branch. */
  readonly keepUnmergedBranch: boolean;
}

export interface RemoveWorkspaceResult {
  readonly removed: boolean;
  readonly branchKept: boolean;
  /** Where uncommitted or unmerged work is kept, if there was any. */
  readonly salvage?: string;
}

export interface MergeInput {
  readonly run: RunRef;
  readonly workspace: Workspace;
  readonly into: string;
  readonly message: string;
  /** Written into the merge commit, so that a second try and the undo find it. */
  readonly mergeId: string;
}

export interface MergeResult {
  readonly into: string;
  readonly before: string;
  readonly after: string;
  readonly commits: number;
}

/** A command whose templates have become environment variables: no value is ever part of the program text. */
export interface PreparedCommand {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

export interface CommandActivities {
  /**
   * Run a shell command to its end. It survives the worker: a second try attaches to it, or reads its exit code.
   * An exit code other than 0 is a result here, not a failure. Fails: Command.Lost, Secret.Missing.
   */
  runCommand(input: RunCommandInput): Promise<CommandResult>;
  /** Look until the check holds, and then for as long as it must. Fails: Stage.CheckFailed. */
  awaitCheck(input: AwaitCheckInput): Promise<CheckResult>;
}

export interface RunCommandInput {
  readonly run: RunRef;
  /** Unique for this execution of this command; a second try of the activity carries the same. */
  readonly executionId: string;
  readonly command: PreparedCommand;
  readonly workspace?: Workspace;
  readonly timeoutMs: number;
  /** The command may write JSON of this shape to the file `$GANTRY_OUTPUT`. Fails: Stage.OutputInvalid. */
  readonly output?: Shape;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly durationMs: number;
  readonly log: Text;
  readonly output?: Json;
}

export interface AwaitCheckInput {
  readonly run: RunRef;
  readonly executionId: string;
  readonly http?: string;
  readonly contains?: string;
  readonly command?: PreparedCommand;
  readonly workspace?: Workspace;
  readonly forMs: number;
  readonly everyMs: number;
  readonly withinMs: number;
}

export interface CheckResult {
  readonly looks: number;
  readonly durationMs: number;
  /** What the last look saw: `200 OK, 412 bytes`. */
  readonly saw: string;
}

export interface ServiceActivities {
  /**
   * Export the branch into a release of its own and start the service from it, in place of the release that runs
   * under the same name. A second try finds the release it started. Fails: Service.NotStarted.
   */
  startService(input: StartServiceInput): Promise<StartServiceResult>;
}

export interface StartServiceInput {
  readonly run: RunRef;
  readonly name: string;
  readonly releaseId: string;
  readonly command: PreparedCommand;
  readonly workspace: Workspace;
  readonly port?: number;
}

export interface StartServiceResult {
  readonly pid: number;
  readonly commit: string;
  readonly replaced?: string;
}

export interface UndoActivities {
  /** Take one effect back. Does nothing where it never happened. */
  undo(input: { readonly run: RunRef; readonly action: UndoAction }): Promise<{ readonly message: string }>;
}

export type ResolvedAttachment =
  | { readonly kind: 'diff' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly title: string; readonly text: Text };

/** On the queue of a pool, which a host polls only while it has an idle session to promise. */
export interface PoolActivities {
  /** Lease an idle session for one dispatch. Fails, to be tried again: Session.NoneIdle. */
  reserveSession(input: ReserveInput): Promise<Lease>;
}

/** On a host's own queue. */
export interface SessionActivities {
  /**
   * Send one prompt to the leased session, exactly once, and wait for the turn to be over and its contract to hold,
   * or for the agent to ask something. A second try, and a call after an answer, attach to the running turn. The
   * lease ends with the dispatch. Fails: Session.LeaseLost before the prompt was sent; Agent.*, Provider.*.
   */
  dispatchPrompt(input: DispatchInput): Promise<DispatchResult | DispatchAsks>;
  /** Tell the agent what people decided. Does nothing where the question has passed. */
  answerAgent(input: AskAnswer): Promise<{ readonly answered: boolean }>;
  /** Free a session that was leased and is not needed. Does nothing where the lease has ended. */
  releaseSession(input: { readonly lease: Lease }): Promise<{ readonly released: boolean }>;
  /** Start, stop, restart, reserve or drain sessions. */
  controlSessions(input: ControlInput): Promise<ControlResult>;
  /** Serve until the host leaves; every heartbeat says how its sessions stand ({@link HostView}). */
  serveSessions(): Promise<{ readonly left: true }>;
}

export interface DispatchInput {
  readonly run: RunRef;
  readonly stage: string;
  readonly dispatchId: string;
  readonly lease: Lease;
  readonly backend?: 'tmux' | 'headless';
  readonly model?: string;
  readonly prompt: string;
  readonly attachments: readonly ResolvedAttachment[];
  /** Absent: the session's own directory. */
  readonly workspace?: Workspace;
  /** Readies a worktree that the host has to make for itself. */
  readonly setup?: PreparedCommand;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly contract: Omit<Contract, 'run' | 'files'> & {
    readonly run?: PreparedCommand;
    readonly files: readonly string[];
  };
  readonly output?: Shape;
  readonly timeoutMs: number;
  /** Without any sign of progress for this long the agent counts as stuck. */
  readonly stuckMs: number;
  /** Leave the agent up afterwards, so that the conversation can go on. */
  readonly keep: boolean;
  /** Go on in this conversation instead of beginning one. */
  readonly resume?: Conversation;
  /** Questions that people are being asked, or have answered: not reported again. */
  readonly asked: readonly string[];
}

/** The receipts of a dispatch, epoch milliseconds; each is recorded when it is seen and never before. */
export interface Receipts {
  readonly claimedAt: number;
  readonly pastedAt?: number;
  readonly submittedAt?: number;
  readonly acceptedAt?: number;
  readonly finishedAt?: number;
}

export interface DispatchResult {
  readonly receipts: Receipts;
  readonly backend: 'tmux' | 'headless';
  /** `<host>/<session>`: what `gantry logs` and a person at the terminal know it by. */
  readonly session: string;
  /** What the agent said last. */
  readonly message: Text;
  readonly log: Text;
  readonly output?: Json;
  readonly commits: number;
  readonly head: string;
  readonly contract: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly costUsd?: number;
  readonly conversation?: Conversation;
  /** The agent worked in another home: its commits are in the repository under this ref. */
  readonly pushed?: string;
}

/** The turn waits for people: call again once they are asked, with the question's id in `asked`. */
export interface DispatchAsks {
  readonly asks: Ask;
}

/** Heartbeat details of a dispatch: what the Web UI shows while the agent works. */
export interface DispatchProgress {
  readonly session: string;
  readonly receipts: Receipts;
  readonly doing: string;
  /** The command a person on that host attaches with, where the agent works in a terminal. */
  readonly attach?: string;
  /** What the next attempt goes on with should this one be cut off. */
  readonly conversation?: Conversation;
}

/** On the run's queue: what other hosts left behind. */
export interface FleetActivities {
  /**
   * Make sure that nothing of a dispatch works on in a worktree of this home, after its host was lost. Does nothing
   * where the agent worked in a home of its own: what it pushes is taken only by the run that waits for it.
   */
  fenceDispatch(input: {
    readonly run: RunRef;
    readonly workspace?: Workspace;
  }): Promise<{ readonly ended: readonly string[] }>;
  /** Push the run's branch as it is to where hosts with another home find it. Fails: Git.Failed. */
  publishBranch(input: { readonly run: RunRef; readonly workspace: Workspace }): Promise<PublishResult>;
  /** Merge what an agent of another home pushed into the worktree. Fails: Git.Conflict, Git.Failed. */
  receiveWork(input: ReceiveInput): Promise<IntegrateResult>;
  /** Which pools take no prompts now, because their provider's breaker is open. */
  closedPools(input: { readonly pools: readonly string[] }): Promise<readonly ClosedPool[]>;
}

export interface PublishResult {
  readonly head: string;
  /** Something is uncommitted: the other home will not see it. */
  readonly dirty: boolean;
}

export interface ReceiveInput {
  readonly run: RunRef;
  readonly workspace: Workspace;
  readonly ref: string;
  readonly head: string;
}

export interface ClosedPool {
  readonly pool: string;
  readonly why: string;
  readonly until?: number;
}

/** Heartbeat details of other work. */
export interface WorkProgress {
  readonly forSeconds: number;
  /** The end of what a command has said so far, without secrets. */
  readonly says?: string;
}

export interface PipelineActivities {
  /** Check and complete a pipeline that a stage made at run time. Fails: Definition.Invalid. */
  loadPipeline(input: { readonly source: Json; readonly name: string }): Promise<PipelineDefinition>;
}

export interface RunActivities {
  /** Wait for another run to end. Fails: Run.NotFound, Run.DependencyFailed. */
  awaitRun(input: {
    readonly project: string;
    readonly pipeline?: string;
    readonly run?: string;
  }): Promise<{ readonly run: RunRef; readonly output: JsonObject }>;
}

export type Activities = WorkspaceActivities &
  CommandActivities &
  ServiceActivities &
  UndoActivities &
  ModelActivities &
  EvaluationActivities &
  PipelineActivities &
  RunActivities &
  FleetActivities;
