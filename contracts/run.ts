import type { ClosedPool, PreparedCommand } from './activities';
import type { Mode, PipelineDefinition, StageKind } from './definition';
import type { ErrorType } from './errors';
import type { StageKey } from './ids';
import type { Json, JsonObject } from './json';
import type { Conversation, Lease } from './sessions';
import type { Text } from './text';
import type { Undo } from './undo';

/**
 * How a run stands. The first four are open, the rest are ends:
 * SUCCESS: every stage ended well or was skipped. PARTIAL_SUCCESS: interrupted by a failure; what finished is kept
 * and `resume` goes on from there. COMPLETED_DEGRADED: every stage ran and some failure was tolerated; final.
 * BUDGET_EXHAUSTED, TIMEOUT: stopped by a limit; what finished is kept. SYSTEM_FAILURE: nothing finished, or gantry
 * failed. CANCELLED, ROLLED_BACK: what was done has been taken back.
 */
export const RUN_STATUSES = [
  'WAITING',
  'RUNNING',
  'PAUSED',
  'UNDOING',
  'SUCCESS',
  'PARTIAL_SUCCESS',
  'COMPLETED_DEGRADED',
  'BUDGET_EXHAUSTED',
  'TIMEOUT',
  'SYSTEM_FAILURE',
  'CANCELLED',
  'ROLLED_BACK',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const OPEN_STATUSES = ['WAITING', 'RUNNING', 'PAUSED', 'UNDOING'] as const satisfies readonly RunStatus[];
export type OpenStatus = (typeof OPEN_STATUSES)[number];
export type EndStatus = Exclude<RunStatus, OpenStatus>;

export function isEnd(status: RunStatus): status is EndStatus {
  return !(OPEN_STATUSES as readonly string[]).includes(status);
}

/** Ends from which `resume` goes on; every other one is refused with its reason. */
export const RESUMABLE = ['PARTIAL_SUCCESS', 'BUDGET_EXHAUSTED', 'TIMEOUT'] as const satisfies readonly EndStatus[];

/** Where a run's repository and work stand. `path` is a worktree on the host that serves the run. */
export interface Workspace {
  /** The repository the worktree belongs to, as a path of the host. */
  readonly repository: string;
  readonly path: string;
  readonly branch: string;
  /** The branch the run started from and merges into, and the commit it was at. */
  readonly base: string;
  readonly baseCommit: string;
  readonly ports: Readonly<Record<string, number>>;
  /** The home that `path` is in. A host with another home works in a worktree of its own. */
  readonly home?: string;
  /** Where hosts with another home find the run's branch: a URL, or a path that they can see too. */
  readonly origin?: string;
}

export interface RunRef {
  readonly project: string;
  readonly runId: string;
}

/** How an earlier execution of the same run ended: what a resumed, retried or rolled back one starts from. */
export interface CarriedState {
  readonly stages: Readonly<Record<string, StageRecord>>;
  readonly workspace?: Workspace;
  readonly undos: readonly Undo[];
  readonly audit: readonly AuditEntry[];
  readonly costUsd: number;
  readonly tokens: number;
  /** Counts every turn a stage ever had, so that no dispatch id is made twice. */
  readonly turns: Readonly<Record<StageKey, number>>;
  /** What was said with agents, for a further turn to go on with. */
  readonly conversations?: Readonly<Record<StageKey, Conversation>>;
}

/** What `pipelineRun` is started with. */
export interface RunInput {
  readonly run: RunRef;
  readonly definition: PipelineDefinition;
  readonly inputs: JsonObject;
  readonly mode: Mode;
  /** 1 (last) to 10 (first). */
  readonly priority: number;
  /** A local path or a URL git can clone; absent when no stage needs a workspace. */
  readonly repo?: string;
  readonly base?: string;
  readonly startedBy: string;
  /** Set by `resume`, `retry` and `rollback`; and by continue-as-new, then with `open`. */
  readonly carried?: CarriedState;
  /** With `carried`: what to do with it. */
  readonly intent?: RunIntent;
  /** The run that nests this one. It lends its workspace. */
  readonly parent?: {
    readonly runId: string;
    readonly stage: StageKey;
    readonly depth: number;
    readonly workspace?: Workspace;
    /** What readies a worktree of the parent's repository. */
    readonly setup?: PreparedCommand;
  };
  /** Replaces the limits the engine works with; for tests and benchmarks. */
  readonly limits?: Partial<RunLimits>;
  /** Only between executions of one run: everything `carried` leaves out. Made by continue-as-new alone. */
  readonly snapshot?: JsonObject;
}

export type RunIntent =
  | { readonly kind: 'resume' }
  | { readonly kind: 'retry'; readonly from: string }
  | { readonly kind: 'rollback'; readonly to?: string };

export interface RunLimits {
  /** A run continues as new once its history is this long. */
  readonly historyEvents: number;
  /** Stages and matrix cells at work at once. */
  readonly parallel: number;
  readonly nestingDepth: number;
  /** A prompt that has waited this long goes before those one level more urgent that came after. */
  readonly agingMs: number;
  /** A prompt that has waited this long asks which pools of its chain are closed. */
  readonly closedLookMs: number;
  /** A host that takes none of its own work for this long is gone. */
  readonly hostGoneMs: number;
}

export const DEFAULT_LIMITS: RunLimits = {
  historyEvents: 4_000,
  parallel: 20,
  nestingDepth: 10,
  agingMs: 10 * 60_000,
  closedLookMs: 3_000,
  hostGoneMs: 30_000,
};

export const STAGE_STATUSES = [
  'pending',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'tolerated',
  'skipped',
  'undone',
  'cancelled',
] as const;
export type StageStatus = (typeof STAGE_STATUSES)[number];

/** What one stage, or one matrix cell, has come to. Times are epoch milliseconds of workflow time. */
export interface StageRecord {
  readonly key: StageKey;
  readonly kind: StageKind;
  readonly status: StageStatus;
  /** Times the stage was entered: 1, and one more for each fix turn or retry from it. */
  readonly turn: number;
  /** Tries within this turn. */
  readonly attempt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly matrix?: JsonObject;
  readonly output?: Json;
  readonly log?: Text;
  readonly failure?: StageFailure;
  readonly costUsd?: number;
  readonly tokens?: number;
  /** Who did it: `anthropic/claude-…`, `codex (tmux)`, a person. */
  readonly by?: string;
  /** One line for people: `2 commits · contract met`, `exit code 1`. */
  readonly note?: string;
  /** The run a `pipeline` stage nests. */
  readonly nestedRunId?: string;
  /** Its prompt waits in the queues of these pools; in none while the run is paused. */
  readonly waitsIn?: readonly QueuePlace[];
  /** The session that has its prompt, or had it last. */
  readonly lease?: Lease;
  /** What was said, for a further turn or attempt to go on with. */
  readonly conversation?: Conversation;
  /** The last attempt was cut off: the next one goes on in its conversation. */
  readonly interrupted?: boolean;
  /** Tries of this turn that count no more: when they were used up, people granted as many again. */
  readonly granted?: number;
  /** Pools whose provider turned this prompt away, and until when others are asked instead. */
  readonly avoids?: readonly ClosedPool[];
}

/** A place in the queue of a pool. */
export interface QueuePlace {
  readonly pool: string;
  readonly priority: number;
  readonly since: number;
}

export interface StageFailure {
  readonly type: ErrorType;
  readonly message: string;
  /** What a fixing stage is shown: the end of the log, the review's words. */
  readonly evidence?: Text;
}

export interface Vote {
  readonly who: string;
  readonly decision: 'approve' | 'reject';
  readonly comment?: string;
  readonly at: number;
}

/** A question to people. A gate stage has one; a fix loop that gives up may open one on its stage. */
export interface GateRecord {
  readonly gate: string;
  /** The turn of the stage that asks: another turn asks anew. */
  readonly turn: number;
  readonly message: string;
  readonly approvers: readonly string[];
  readonly min: number;
  readonly openedAt: number;
  readonly deadlineAt?: number;
  readonly escalatesAt?: number;
  readonly escalated: boolean;
  readonly reminders: number;
  readonly votes: readonly Vote[];
  /** The question of an agent that it asks: another question asks anew. */
  readonly ask?: string;
  readonly outcome?: 'approved' | 'rejected';
  readonly decidedAt?: number;
  /** What decided; `terminal`: somebody answered the agent where it runs. */
  readonly decidedBy?: 'votes' | 'deadline' | 'mode' | 'terminal';
}

/** One line of the audit trail. `what` is closed so that programs can read it; `text` is for people. */
export interface AuditEntry {
  readonly at: number;
  readonly what: AuditKind;
  readonly who: string;
  readonly stage?: StageKey;
  readonly text: string;
}

export const AUDIT_KINDS = [
  'run.started',
  'run.resumed',
  'run.retried',
  'run.paused',
  'run.unpaused',
  'run.cancel-requested',
  'run.rollback-requested',
  'run.priority-changed',
  'run.ended',
  'stage.started',
  'stage.retried',
  'stage.succeeded',
  'stage.failed',
  'stage.tolerated',
  'stage.skipped',
  'stage.fix',
  'prompt.queued',
  'prompt.leased',
  'prompt.resumed',
  'prompt.answered',
  'host.lost',
  'model.routed',
  'model.failed',
  'model.waits',
  'model.lost',
  'policy.found',
  'answer.evaluated',
  'budget.local',
  'budget.unsettled',
  'gate.opened',
  'gate.reminded',
  'gate.escalated',
  'gate.voted',
  'gate.refused-vote',
  'gate.decided',
  'undo.done',
  'undo.failed',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** The audit trail keeps the newest entries inline up to this many, per run. */
export const AUDIT_LIMIT = 1_000;

export interface UndoReport {
  readonly id: string;
  readonly stage: StageKey;
  readonly label: string;
  readonly outcome: 'done' | 'failed';
  readonly attempts: number;
  readonly message?: string;
}

/** The answer to the `status` query, and what every view of a run is drawn from. */
export interface RunView {
  readonly run: RunRef;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly mode: Mode;
  readonly priority: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Workflow time of this view. */
  readonly now: number;
  readonly stages: readonly StageRecord[];
  readonly gates: readonly GateRecord[];
  readonly undos: readonly UndoReport[];
  readonly workspace?: Workspace;
  readonly costUsd: number;
  readonly tokens: number;
  readonly budgetUsd?: number;
  readonly failure?: StageFailure;
  /** Open runs nested by stages: their gates are this run's too. */
  readonly nested: readonly { readonly stage: StageKey; readonly runId: string }[];
}

/** How a run ended: the workflow's result, or the details of the failure it ended with. */
export interface RunResult {
  readonly status: EndStatus;
  readonly view: RunView;
  readonly output: JsonObject;
  /** What a next execution starts from, but for the stages, which `view` has already. */
  readonly carried: Omit<CarriedState, 'stages'>;
}

/** Everything a resumed, retried or rolled back execution starts from. */
export function carriedFrom({ view, carried }: RunResult): CarriedState {
  const entered = view.stages.filter((stage) => stage.turn > 0 || stage.status === 'skipped');
  return { ...carried, stages: Object.fromEntries(entered.map((stage) => [stage.key, stage])) };
}
