// What has happened to a run, one event at a time. Pure: the caller passes workflow time.
//
// R1. A record changes only through an event; every event a person could ask about leaves an audit entry.
// R2. An ending that belongs to an earlier turn, or to a stage reset meanwhile, changes nothing.
// R3. Undos are registered before the act they take back, and leave the list only once they are done.
// R4. Turn numbers only grow, across resets, continue-as-new and resume, so no dispatch id is ever made twice.

import type { StageKind } from '../../contracts/definition';
import { stageIdOf, type StageKey } from '../../contracts/ids';
import type { Json, JsonObject } from '../../contracts/json';
import {
  AUDIT_LIMIT,
  type AuditEntry,
  type AuditKind,
  type EndStatus,
  type GateRecord,
  type StageFailure,
  type StageRecord,
  type UndoReport,
  type Workspace,
} from '../../contracts/run';
import type { Text } from '../../contracts/text';
import type { Undo } from '../../contracts/undo';
import type { RunState, Stop } from './state';

/** What a stage's work gives when it ends well. */
export interface StageProduct {
  readonly output?: Json;
  readonly log?: Text;
  readonly by?: string;
  readonly note?: string;
  readonly costUsd?: number;
  readonly tokens?: number;
}

export type RunEvent =
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
  | { readonly type: 'spent'; readonly key: StageKey; readonly costUsd: number; readonly tokens: number }
  | { readonly type: 'reset'; readonly keys: readonly StageKey[] }
  | {
      readonly type: 'fix';
      readonly failed: string;
      readonly fixing: readonly string[];
      readonly failure: StageFailure;
      readonly limit: number;
    }
  | { readonly type: 'gate.changed'; readonly gate: GateRecord }
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

export function reduce(state: RunState, event: RunEvent, now: number): RunState {
  const next = apply(state, event, now);
  const line = auditOf(state, event);
  return line === undefined ? next : withAudit(next, { at: now, ...line });
}

function apply(state: RunState, event: RunEvent, now: number): RunState {
  switch (event.type) {
    case 'audit':
      return state;
    case 'after.waiting':
      return { ...state, waitingForRuns: event.waiting };
    case 'after.met':
      return { ...state, after: [...state.after, event.result] };
    case 'cells.expanded':
      return expand(state, event);
    case 'forgotten':
      return forget(state, event.keys);
    case 'ended':
      return { ...state, endedAt: now, ended: event.status };
    case 'stage.skipped':
      return withStage(state, {
        key: event.key,
        kind: event.kind,
        status: 'skipped',
        turn: state.turns[event.key] ?? 0,
        attempt: 0,
        endedAt: now,
        note: event.reason,
      });
    case 'stage.entered':
      return enter(state, event, now);
    case 'attempt.started':
      return patchStage(state, event.key, { attempt: event.attempt });
    case 'stage.nested':
      return patchStage(state, event.key, { nestedRunId: event.runId });
    case 'stage.succeeded':
      return end(state, event.key, event.turn, { ...known(event.product), status: 'succeeded', endedAt: now });
    case 'stage.failed':
      return end(state, event.key, event.turn, {
        ...known(event.product),
        status: 'failed',
        endedAt: now,
        failure: event.failure,
      });
    case 'stage.tolerated':
      return patchStage(state, event.key, { status: 'tolerated' });
    case 'stage.asking':
      return patchStage(state, event.key, { status: event.asking ? 'waiting' : 'failed' });
    case 'stage.stopped':
      return end(state, event.key, event.turn, { status: event.status, endedAt: now });
    case 'spent':
      return spend(state, event);
    case 'reset':
      return reset(state, event.keys);
    case 'fix':
      return {
        ...state,
        fixes: { ...state.fixes, [event.failed]: (state.fixes[event.failed] ?? 0) + 1 },
        mending: {
          ...state.mending,
          ...Object.fromEntries(event.fixing.map((id) => [id, { stage: event.failed, failure: event.failure }])),
        },
      };
    case 'gate.changed':
      return { ...state, gates: { ...state.gates, [event.gate.gate]: event.gate } };
    case 'workspace.ready':
      return { ...state, workspace: event.workspace };
    case 'workspace.gone':
      return without(state, 'workspace');
    case 'stage-workspace.ready':
      return { ...state, stageWorkspaces: { ...state.stageWorkspaces, [event.key]: event.workspace } };
    case 'stage-workspace.gone':
      return { ...state, stageWorkspaces: without(state.stageWorkspaces, event.key) };
    case 'undo.registered':
      return { ...state, undos: [...state.undos.filter((one) => one.id !== event.undo.id), event.undo] };
    case 'undo.adopted':
      return { ...state, undos: [...state.undos, ...event.undos] };
    case 'undo.dropped':
      return { ...state, undos: state.undos.filter((one) => one.id !== event.id) };
    case 'undoing':
      return { ...state, undoing: true };
    case 'undo.reported':
      return {
        ...state,
        undoReports: [...state.undoReports, event.report],
        undos: event.report.outcome === 'done' ? state.undos.filter((one) => one.id !== event.report.id) : state.undos,
      };
    case 'stages.undone':
      return event.keys.reduce((all, key) => patchStage(all, key, { status: 'undone' }), state);
    case 'paused':
      return { ...state, paused: event.paused };
    case 'priority':
      return { ...state, priority: event.priority };
    case 'stopped':
      return { ...state, stop: event.stop, ...(event.failure === undefined ? {} : { failure: event.failure }) };
  }
}

function expand(state: RunState, event: Extract<RunEvent, { type: 'cells.expanded' }>): RunState {
  const cells = event.cells.map(({ key, values }): StageRecord => {
    const earlier = state.stages[key];
    // A resumed matrix is entered anew as a whole, but its finished cells keep what they made.
    if (earlier?.status === 'succeeded') return earlier;
    return { key, kind: event.kind, status: 'pending', turn: state.turns[key] ?? 0, attempt: 0, matrix: values };
  });
  const entered = cells.reduce(withStage, state);
  return { ...entered, cells: { ...state.cells, [event.stage]: event.cells.map((cell) => cell.key) } };
}

function forget(state: RunState, keys: readonly StageKey[]): RunState {
  const gone = new Set(keys);
  const kept = Object.entries(state.stages).filter(([key]) => !gone.has(key));
  const cells = Object.entries(state.cells).filter(([, own]) => !own.some((key) => gone.has(key)));
  return { ...state, stages: Object.fromEntries(kept), cells: Object.fromEntries(cells) };
}

function enter(state: RunState, event: Extract<RunEvent, { type: 'stage.entered' }>, now: number): RunState {
  const parked = state.stages[event.key];
  // A parked stage goes on where it was; any other entry is a new turn.
  const goesOn = parked !== undefined && parked.status === 'pending' && parked.attempt > 0;
  const turn = goesOn ? parked.turn : (state.turns[event.key] ?? 0) + 1;
  const record: StageRecord = {
    key: event.key,
    kind: event.kind,
    status: event.waits ? 'waiting' : 'running',
    turn,
    attempt: goesOn ? parked.attempt : 0,
    startedAt: goesOn ? (parked.startedAt ?? now) : now,
    ...(goesOn && parked.failure !== undefined ? { failure: parked.failure } : {}),
    ...(event.matrix === undefined ? {} : { matrix: event.matrix }),
    ...(parked?.costUsd === undefined ? {} : { costUsd: parked.costUsd }),
    ...(parked?.tokens === undefined ? {} : { tokens: parked.tokens }),
  };
  return { ...withStage(state, record), turns: { ...state.turns, [event.key]: turn } };
}

function end(state: RunState, key: StageKey, turn: number, ending: Partial<StageRecord>): RunState {
  const record = state.stages[key];
  const current = record !== undefined && record.turn === turn && isActive(record);
  return current ? patchStage(state, key, ending) : state;
}

function isActive(record: StageRecord): boolean {
  return record.status === 'running' || record.status === 'waiting';
}

function spend(state: RunState, event: Extract<RunEvent, { type: 'spent' }>): RunState {
  const record = state.stages[event.key];
  const spent = {
    ...state,
    costUsd: state.costUsd + event.costUsd,
    tokens: state.tokens + event.tokens,
  };
  if (record === undefined) return spent;
  return patchStage(spent, event.key, {
    costUsd: (record.costUsd ?? 0) + event.costUsd,
    tokens: (record.tokens ?? 0) + event.tokens,
  });
}

function reset(state: RunState, keys: readonly StageKey[]): RunState {
  const stages = { ...state.stages };
  for (const key of keys) {
    const record = stages[key];
    if (record === undefined) continue;
    if (record.matrix !== undefined) {
      // What the matrix is made of may have changed: it is expanded anew.
      delete stages[key];
      continue;
    }
    const { costUsd, tokens } = record;
    stages[key] = {
      key,
      kind: record.kind,
      status: 'pending',
      turn: record.turn,
      attempt: 0,
      ...(costUsd === undefined ? {} : { costUsd }),
      ...(tokens === undefined ? {} : { tokens }),
    };
  }
  const gates = Object.fromEntries(Object.entries(state.gates).filter(([gate]) => !keys.includes(gate)));
  const matrices = new Set(keys.filter((key) => !(key in stages)).map(stageIdOf));
  const cells = Object.fromEntries(Object.entries(state.cells).filter(([id]) => !matrices.has(id)));
  return { ...state, stages, gates, cells };
}

function known(product: StageProduct): Partial<StageRecord> {
  const { output, log, by, note } = product;
  return {
    ...(output === undefined ? {} : { output }),
    ...(log === undefined ? {} : { log }),
    ...(by === undefined ? {} : { by }),
    ...(note === undefined ? {} : { note }),
  };
}

function withStage(state: RunState, record: StageRecord): RunState {
  return { ...state, stages: { ...state.stages, [record.key]: record } };
}

function patchStage(state: RunState, key: StageKey, patch: Partial<StageRecord>): RunState {
  const record = state.stages[key];
  return record === undefined ? state : withStage(state, { ...record, ...patch });
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> & T {
  const copy = { ...value };
  delete copy[key];
  return copy;
}

function withAudit(state: RunState, entry: AuditEntry): RunState {
  return { ...state, audit: [...state.audit, entry].slice(-AUDIT_LIMIT) };
}

type AuditLine = Omit<AuditEntry, 'at'>;

function auditOf(state: RunState, event: RunEvent): AuditLine | undefined {
  switch (event.type) {
    case 'audit':
      return {
        what: event.what,
        who: event.who,
        text: event.text,
        ...(event.stage === undefined ? {} : { stage: event.stage }),
      };
    case 'stage.skipped':
      return stageLine('stage.skipped', event.key, event.reason);
    case 'attempt.started':
      return event.attempt === 1
        ? stageLine('stage.started', event.key, `turn ${state.stages[event.key]?.turn ?? 1}`)
        : stageLine(
            'stage.retried',
            event.key,
            `attempt ${event.attempt}: ${event.because ?? 'the one before failed'}`,
          );
    case 'stage.succeeded':
      return stageLine('stage.succeeded', event.key, event.product.note ?? 'done');
    case 'stage.failed':
      return stageLine('stage.failed', event.key, `${event.failure.type}: ${event.failure.message}`);
    case 'stage.tolerated':
      return { ...stageLine('stage.tolerated', event.key, 'the run goes on without it'), who: event.who };
    case 'fix': {
      const turn = (state.fixes[event.failed] ?? 0) + 1;
      return stageLine('stage.fix', event.failed, `back to ${event.fixing.join(', ')}, fix ${turn} of ${event.limit}`);
    }
    case 'undo.reported': {
      const { report } = event;
      return report.outcome === 'done'
        ? stageLine('undo.done', report.stage, `${report.label}: ${report.message ?? 'done'}`)
        : stageLine('undo.failed', report.stage, `${report.label}: ${report.message ?? 'failed'}`);
    }
    case 'ended':
      return requestLine('run.ended', 'gantry', event.status);
    case 'paused':
      return requestLine(event.paused ? 'run.paused' : 'run.unpaused', event.who, event.comment);
    case 'priority':
      return requestLine('run.priority-changed', event.who, `priority ${event.priority}`);
    case 'stopped':
      return stopLine(event.stop);
    default:
      return undefined;
  }
}

function stageLine(what: AuditKind, stage: StageKey, text: string): AuditLine {
  return { what, who: 'gantry', stage, text };
}

function requestLine(what: AuditKind, who: string, comment?: string): AuditLine {
  return { what, who, text: comment ?? '' };
}

function stopLine(stop: Stop): AuditLine | undefined {
  if (stop.kind === 'cancel') return requestLine('run.cancel-requested', stop.who, stop.comment);
  if (stop.kind === 'rollback') {
    return requestLine('run.rollback-requested', stop.who, stop.to === undefined ? 'everything' : `back to ${stop.to}`);
  }
  return undefined;
}
