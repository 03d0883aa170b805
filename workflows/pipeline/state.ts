import type {
  AuditEntry,
  CarriedState,
  EndStatus,
  GateRecord,
  RunInput,
  StageFailure,
  StageRecord,
  UndoReport,
  Workspace,
} from '../../contracts/run';
import type { JsonObject } from '../../contracts/json';
import { stageOfGate, type StageKey } from '../../contracts/ids';
import type { Conversation } from '../../contracts/sessions';
import type { Undo } from '../../contracts/undo';
import type { Asked } from '../models/next-call';
import type { PurseState } from '../models/purse';

/**
 * Everything a run knows, as plain JSON: it is the snapshot continue-as-new hands on, and what every view is drawn
 * from. Only `reduce` makes a new one.
 */
export interface RunState {
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly ended?: EndStatus;
  readonly priority: number;
  readonly paused: boolean;
  /** The run waits for other projects' runs before its first stage. */
  readonly waitingForRuns: boolean;
  readonly stop?: Stop;
  readonly undoing: boolean;
  readonly stages: Readonly<Record<StageKey, StageRecord>>;
  /** The cells of each matrix stage that has been entered, in order. */
  readonly cells: Readonly<Record<string, readonly StageKey[]>>;
  readonly gates: Readonly<Record<string, GateRecord>>;
  /** Fix turns each stage has asked for. */
  readonly fixes: Readonly<Record<string, number>>;
  /** What the next turn of a fixing stage is to mend. */
  readonly mending: Readonly<Record<string, Mending>>;
  readonly turns: Readonly<Record<StageKey, number>>;
  /** What was said with agents last: it outlives the records of the turns it was said in. */
  readonly conversations: Readonly<Record<StageKey, Conversation>>;
  /** Oldest first. */
  readonly undos: readonly Undo[];
  readonly undoReports: readonly UndoReport[];
  readonly workspace?: Workspace;
  readonly stageWorkspaces: Readonly<Record<StageKey, Workspace>>;
  readonly after: readonly JsonObject[];
  readonly audit: readonly AuditEntry[];
  readonly costUsd: number;
  readonly tokens: number;
  /** What was drawn to ask models with. */
  readonly purse?: PurseState;
  /** Stages that were put down while they asked models, and what their calls have come to. */
  readonly asking?: Readonly<Record<StageKey, Asked>>;
  readonly failure?: StageFailure;
}

/** Why a run takes no new work: what it is to become once work in flight has ended. */
export type Stop =
  | { readonly kind: 'failed'; readonly stage: StageKey }
  | { readonly kind: 'cancel'; readonly who: string; readonly comment?: string }
  | { readonly kind: 'rollback'; readonly who: string; readonly to?: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'budget' }
  | { readonly kind: 'broken'; readonly message: string };

export interface Mending {
  /** The stage whose failure is to be mended. */
  readonly stage: StageKey;
  readonly failure: StageFailure;
}

export function initialState(input: RunInput, now: number): RunState {
  const carried = input.carried;
  return {
    startedAt: now,
    priority: input.priority,
    paused: false,
    waitingForRuns: false,
    undoing: false,
    stages: carried?.stages ?? {},
    cells: cellsOf(carried),
    gates: {},
    fixes: {},
    mending: {},
    turns: carried?.turns ?? {},
    conversations: carried?.conversations ?? {},
    undos: carried?.undos ?? [],
    undoReports: [],
    ...workspaceOf(input),
    stageWorkspaces: {},
    after: [],
    audit: carried?.audit ?? [],
    costUsd: carried?.costUsd ?? 0,
    tokens: carried?.tokens ?? 0,
  };
}

function cellsOf(carried: CarriedState | undefined): Record<string, StageKey[]> {
  const cells: Record<string, StageKey[]> = {};
  for (const record of Object.values(carried?.stages ?? {})) {
    if (record.matrix === undefined) continue;
    (cells[record.key.slice(0, record.key.indexOf('['))] ??= []).push(record.key);
  }
  return cells;
}

function workspaceOf(input: RunInput): { workspace?: Workspace } {
  const workspace = input.carried?.workspace ?? input.parent?.workspace;
  return workspace === undefined ? {} : { workspace };
}

export function carriedWithoutStages(state: RunState): Omit<CarriedState, 'stages'> {
  return {
    ...(state.workspace === undefined ? {} : { workspace: state.workspace }),
    undos: state.undos,
    audit: state.audit,
    costUsd: state.costUsd,
    tokens: state.tokens,
    turns: state.turns,
    conversations: state.conversations,
  };
}

/** Waits for people or for a session, with nothing at work: it can be put down and taken up again as it was. */
export function onlyWaits(state: RunState, key: StageKey): boolean {
  return state.stages[key]?.status === 'waiting' && !asksAtWork(state, key);
}

/** Waits for people, and holds neither a session nor a worktree that is about to be worked in. */
export function waitsForPeople(state: RunState, key: StageKey): boolean {
  return onlyWaits(state, key) && state.stages[key]?.waitsIn === undefined;
}

/** Does an agent that is at work for the stage wait for an answer? */
function asksAtWork(state: RunState, key: StageKey): boolean {
  return Object.values(state.gates).some(
    ({ gate, ask, outcome }) => ask !== undefined && outcome === undefined && stageOfGate(gate) === key,
  );
}
