import type { Evaluation } from './evaluation';
import type { JsonObject, Json } from './json';
import type { Shape } from './shape';

/**
 * A pipeline as the engine runs it: what `contracts/pipeline` makes of a checked pipeline file. All defaults are
 * filled in, so that a run started today means the same after an upgrade. Durations are milliseconds, money is US
 * dollars, `Template` is text with `{{ CEL }}` holes, `Expression` is CEL.
 */
export interface PipelineDefinition {
  readonly name: string;
  readonly description?: string;
  readonly inputs: Readonly<Record<string, InputDeclaration>>;
  readonly mode: Mode;
  readonly setup?: Template;
  readonly ports: readonly string[];
  readonly timeoutMs?: number;
  readonly budgetUsd?: number;
  readonly onFailure: 'keep' | 'rollback';
  readonly after: readonly RunDependency[];
  /** In the file's order; `needs` only name earlier or later stages of this list, without a cycle. */
  readonly stages: readonly StageDefinition[];
  /** Pipelines that stages here may nest, by name; each sees the same ones. */
  readonly pipelines: Readonly<Record<string, PipelineDefinition>>;
  /** What the pipeline gives to one that nests it. */
  readonly output?: Readonly<Record<string, Template>>;
}

export type Template = string;
export type Expression = string;
export type Mode = 'observe' | 'fix_forward' | 'auto_staging' | 'auto_prod';

export interface InputDeclaration {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'any';
  readonly description?: string;
  readonly default?: Json;
}

export interface RunDependency {
  readonly project: string;
  readonly pipeline?: string;
  readonly run?: string;
  readonly withinMs?: number;
}

export interface RetryPolicy {
  /** Tries in all, the first one counted. */
  readonly attempts: number;
  readonly delayMs: number;
}

export type OnFailure =
  | { readonly action: 'fail' }
  | { readonly action: 'continue' }
  | {
      readonly action: 'fix';
      /** Stages to run again with the evidence; all of them are ancestors of the failing one. */
      readonly stages: readonly string[];
      readonly attempts: number;
      readonly then: 'gate' | 'fail' | 'continue';
    };

interface StageCommon {
  readonly id: string;
  readonly description?: string;
  readonly needs: readonly string[];
  readonly when?: Expression;
  readonly matrix?: Readonly<Record<string, readonly (string | number | boolean)[] | Expression>>;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly onFailure: OnFailure;
  /** Where the stage works: the run's worktree, one of its own that is merged back, or nowhere. */
  readonly workspace: 'shared' | 'own' | 'none';
}

interface Producing {
  readonly output?: Shape;
  readonly accept?: Expression;
}

export interface Check {
  readonly http?: Template;
  readonly contains?: Template;
  readonly run?: Template;
  readonly forMs: number;
  readonly everyMs: number;
  readonly withinMs: number;
}

export interface CommandStage extends StageCommon, Producing {
  readonly kind: 'run';
  readonly run: Template;
  readonly undo?: Template;
  readonly check?: Check;
  readonly env: Readonly<Record<string, Template>>;
  readonly secrets: readonly string[];
}

export type Attachment = 'diff' | { readonly file: Template } | { readonly log: string };

export interface PromptStage extends StageCommon, Producing {
  readonly kind: 'prompt';
  readonly prompt: Template;
  readonly system?: Template;
  readonly task?: string;
  readonly model?: string;
  readonly attach: readonly Attachment[];
  /** What can be computed comes before judges; absent: the answer is taken as it is. */
  readonly evaluate?: readonly Evaluation[];
}

export interface Contract {
  readonly minCommits?: number;
  readonly maxCommits?: number;
  readonly run?: Template;
  readonly files: readonly Template[];
  readonly clean: boolean;
}

export interface AgentStage extends StageCommon, Producing {
  readonly kind: 'agent';
  /** In this order: a prompt that has waited `waitMs` in the queue of one is also put into that of the next. */
  readonly pools: readonly string[];
  readonly waitMs: number;
  /** Without progress for this long the agent is stuck: it is stopped, and the next attempt resumes. */
  readonly stuckMs: number;
  /** Does a further turn of the stage go on in the conversation of the one before? */
  readonly conversation: 'keep' | 'fresh';
  /** Who answers the agent's questions and wishes for permission. */
  readonly questions: GatePolicy;
  readonly prompt: Template;
  readonly backend?: 'tmux' | 'headless';
  readonly task?: string;
  readonly model?: string;
  readonly attach: readonly Attachment[];
  readonly contract: Contract;
  readonly env: Readonly<Record<string, Template>>;
  readonly secrets: readonly string[];
}

export interface GatePolicy {
  readonly message?: Template;
  /** Names; `*` is anybody. */
  readonly approvers: readonly string[];
  readonly min: number;
  readonly deadlineMs?: number;
  readonly remindMs?: number;
  readonly escalate?: { readonly afterMs: number; readonly to: readonly string[] };
  readonly onTimeout: 'approve' | 'reject';
  readonly openIn: readonly Mode[];
}

export interface GateStage extends StageCommon {
  readonly kind: 'gate';
  readonly gate: GatePolicy;
}

export interface MergeStage extends StageCommon {
  readonly kind: 'merge';
  readonly into?: Template;
  readonly message?: Template;
  readonly check?: Check;
}

export interface ServiceStage extends StageCommon {
  readonly kind: 'service';
  /** The service's name within its project: a new release replaces the one that runs under it. */
  readonly name: string;
  readonly run: Template;
  readonly port?: Template;
  readonly check?: Check;
  readonly env: Readonly<Record<string, Template>>;
  readonly secrets: readonly string[];
}

export interface CheckStage extends StageCommon {
  readonly kind: 'check';
  readonly check: Check;
}

export interface NestedStage extends StageCommon, Producing {
  readonly kind: 'pipeline';
  /** A name of `pipelines`, or a template that gives a name or a whole pipeline. */
  readonly pipeline: Template;
  readonly with: Readonly<Record<string, Template | number | boolean>>;
}

export type StageDefinition =
  CommandStage | PromptStage | AgentStage | GateStage | MergeStage | ServiceStage | CheckStage | NestedStage;

export type StageKind = StageDefinition['kind'];

/** The values expressions and templates see. */
export interface ExpressionScope {
  readonly inputs: JsonObject;
  readonly run: JsonObject;
  readonly stages: JsonObject;
  readonly matrix: JsonObject;
  /** Only in `accept`: what the stage has just produced. */
  readonly output?: Json;
  /** Only in a stage that fixes: what failed. */
  readonly failure?: JsonObject;
}
