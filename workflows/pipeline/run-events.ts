import type { ClosedPool } from '../../contracts/activities';
import type { Slice } from '../../contracts/budgets';
import type { StageKind } from '../../contracts/definition';
import type { StageKey } from '../../contracts/ids';
import type { Json, JsonObject } from '../../contracts/json';
import type {
  AuditKind,
  EndStatus,
  GateRecord,
  QueuePlace,
  StageFailure,
  UndoReport,
  Workspace,
} from '../../contracts/run';
import type { Conversation, Lease } from '../../contracts/sessions';
import type { Text } from '../../contracts/text';
import type { Undo } from '../../contracts/undo';
import type { Asked } from '../models/next-call';
import type { Taken } from '../models/purse';
import type { Stop } from './state';

/** What a stage's work gives when it ends well. */
export interface StageProduct {
  readonly output?: Json;
  readonly log?: Text;
  readonly by?: string;
  readonly note?: string;
  readonly costUsd?: number;
  readonly tokens?: number;
}

/** What happens to the prompt of an agent stage. */
export type PromptEvent =
  /** It is to be leased a session. */
  | { readonly type: 'prompt.waits'; readonly key: StageKey }
  | { readonly type: 'place.joined'; readonly key: StageKey; readonly place: QueuePlace; readonly because?: string }
  | { readonly type: 'place.left'; readonly key: StageKey; readonly place: QueuePlace }
  | { readonly type: 'prompt.leased'; readonly key: StageKey; readonly lease: Lease; readonly waitedMs: number }
  /** Without a conversation there is none to go on with. */
  | {
      readonly type: 'conversation.known';
      readonly key: StageKey;
      readonly conversation?: Conversation;
      readonly interrupted: boolean;
    }
  | { readonly type: 'pool.avoided'; readonly key: StageKey; readonly closed: ClosedPool }
  | { readonly type: 'agent.asking'; readonly key: StageKey; readonly asking: boolean }
  | { readonly type: 'attempts.granted'; readonly key: StageKey };

/** What a stage has cost, and where that is counted: calls of models spend slices, nested runs see to their own. */
export interface SpentEvent {
  readonly type: 'spent';
  readonly key: StageKey;
  readonly by: 'model' | 'agent' | 'run';
  readonly costUsd: number;
  readonly tokens: number;
}

/** What happens where a stage asks models. */
export type ModelEvent =
  | { readonly type: 'slice.taken'; readonly taken: Taken }
  | { readonly type: 'slice.back'; readonly taken: Taken; readonly slice?: Slice }
  | { readonly type: 'slice.lost'; readonly taken: Taken }
  | { readonly type: 'slices.put-down' }
  | { readonly type: 'slices.given-back'; readonly slices: readonly Slice[] }
  | { readonly type: 'slices.settled' }
  /** The stage was put down between two calls; without `asked` it has been taken up again. */
  | { readonly type: 'asking.parked'; readonly key: StageKey; readonly asked?: Asked };

export type RunEvent =
  | PromptEvent
  | {
      readonly type: 'audit';
      readonly what: AuditKind;
      readonly who: string;
      readonly text: string;
      readonly stage?: StageKey;
    }
  | { readonly type: 'after.waiting'; readonly waiting: boolean }
  | { readonly type: 'after.met'; readonly result: JsonObject }
  | {
      readonly type: 'cells.expanded';
      readonly stage: string;
      readonly kind: StageKind;
      readonly cells: readonly { readonly key: StageKey; readonly values: JsonObject }[];
    }
  | { readonly type: 'forgotten'; readonly keys: readonly StageKey[] }
  | { readonly type: 'ended'; readonly status: EndStatus }
  | { readonly type: 'stage.skipped'; readonly key: StageKey; readonly kind: StageKind; readonly reason: string }
  | {
      readonly type: 'stage.entered';
      readonly key: StageKey;
      readonly kind: StageKind;
      readonly matrix?: JsonObject;
      readonly waits: boolean;
    }
  | { readonly type: 'attempt.started'; readonly key: StageKey; readonly attempt: number; readonly because?: string }
  | { readonly type: 'stage.nested'; readonly key: StageKey; readonly runId: string }
  | { readonly type: 'stage.succeeded'; readonly key: StageKey; readonly turn: number; readonly product: StageProduct }
  | {
      readonly type: 'stage.failed';
      readonly key: StageKey;
      readonly turn: number;
      readonly failure: StageFailure;
      readonly product: StageProduct;
    }
  | { readonly type: 'stage.tolerated'; readonly key: StageKey; readonly who: string }
  | { readonly type: 'stage.asking'; readonly key: StageKey; readonly asking: boolean }
  | {
      readonly type: 'stage.stopped';
      readonly key: StageKey;
      readonly turn: number;
      readonly status: 'pending' | 'cancelled';
    }
  | SpentEvent
  | ModelEvent
  | { readonly type: 'reset'; readonly keys: readonly StageKey[] }
  | {
      readonly type: 'fix';
      readonly failed: string;
      readonly fixing: readonly string[];
      readonly failure: StageFailure;
      readonly limit: number;
    }
  | { readonly type: 'gate.changed'; readonly gate: GateRecord }
  /** Nobody needs to decide it any more. */
  | { readonly type: 'gate.dropped'; readonly gate: string }
  | { readonly type: 'workspace.ready'; readonly workspace: Workspace }
  | { readonly type: 'workspace.gone' }
  | { readonly type: 'stage-workspace.ready'; readonly key: StageKey; readonly workspace: Workspace }
  | { readonly type: 'stage-workspace.gone'; readonly key: StageKey }
  | { readonly type: 'undo.registered'; readonly undo: Undo }
  | { readonly type: 'undo.adopted'; readonly undos: readonly Undo[] }
  | { readonly type: 'undo.dropped'; readonly id: string }
  | { readonly type: 'undoing' }
  | { readonly type: 'undo.reported'; readonly report: UndoReport }
  | { readonly type: 'stages.undone'; readonly keys: readonly StageKey[] }
  | { readonly type: 'paused'; readonly paused: boolean; readonly who: string; readonly comment?: string }
  | { readonly type: 'priority'; readonly priority: number; readonly who: string }
  | { readonly type: 'stopped'; readonly stop: Stop; readonly failure?: StageFailure };
