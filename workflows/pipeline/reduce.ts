// What has happened to a run, one event at a time. Pure: the caller passes workflow time.
//
// R1. A record changes only through an event; every event a person could ask about leaves an audit entry.
// R2. An ending that belongs to an earlier turn, or to a stage reset meanwhile, changes nothing.
// R3. Undos are registered before the act they take back, and leave the list only once they are done.
// R4. Turn numbers only grow, across resets, continue-as-new and resume, so no dispatch id is ever made twice.

import { stageIdOf, stageOfGate, type StageKey } from '../../contracts/ids';
import { AUDIT_LIMIT, type AuditEntry, type StageRecord } from '../../contracts/run';
import { auditOf } from './audit';
import type { RunEvent, StageProduct } from './run-events';
import { bookedOn, reduceModels, withoutAsking } from './reduce-models';
import { reducePrompt } from './reduce-prompt';
import { patchStage, withStage, without } from './stage-records';
import type { RunState } from './state';

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
    case 'gate.dropped':
      return { ...state, gates: without(state.gates, event.gate) };
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
    case 'slice.taken':
    case 'slice.back':
    case 'slice.lost':
    case 'slices.put-down':
    case 'slices.given-back':
    case 'slices.settled':
    case 'asking.parked':
      return reduceModels(state, event);
    default:
      return reducePrompt(state, event);
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
  const conversation = state.conversations[event.key];
  const record: StageRecord = {
    ...(goesOn ? promptOf(parked) : {}),
    ...(conversation === undefined ? {} : { conversation }),
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

/** What a stage that goes on knows of its prompt. */
function promptOf({ waitsIn, lease, interrupted, granted, avoids }: StageRecord): Partial<StageRecord> {
  return {
    ...(waitsIn === undefined ? {} : { waitsIn }),
    ...(lease === undefined ? {} : { lease }),
    ...(interrupted === undefined ? {} : { interrupted }),
    ...(granted === undefined ? {} : { granted }),
    ...(avoids === undefined ? {} : { avoids }),
  };
}

function end(state: RunState, key: StageKey, turn: number, ending: Partial<StageRecord>): RunState {
  const record = state.stages[key];
  if (record === undefined || record.turn !== turn || !isActive(record)) return state;
  const ended = { ...record, ...ending };
  // A prompt that is put down keeps the time it has waited.
  return withStage(state, ended.status === 'pending' ? ended : without(ended, 'waitsIn'));
}

function isActive(record: StageRecord): boolean {
  return record.status === 'running' || record.status === 'waiting';
}

function spend(state: RunState, event: Extract<RunEvent, { type: 'spent' }>): RunState {
  const record = state.stages[event.key];
  const spent = {
    ...bookedOn(state, event),
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
    const { costUsd, tokens, conversation } = record;
    stages[key] = {
      key,
      kind: record.kind,
      status: 'pending',
      turn: record.turn,
      attempt: 0,
      ...(conversation === undefined ? {} : { conversation }),
      ...(costUsd === undefined ? {} : { costUsd }),
      ...(tokens === undefined ? {} : { tokens }),
    };
  }
  const gates = Object.fromEntries(Object.entries(state.gates).filter(([gate]) => !keys.includes(stageOfGate(gate))));
  const matrices = new Set(keys.filter((key) => !(key in stages)).map(stageIdOf));
  const cells = Object.fromEntries(Object.entries(state.cells).filter(([id]) => !matrices.has(id)));
  return { ...withoutAsking(state, keys), stages, gates, cells };
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

function withAudit(state: RunState, entry: AuditEntry): RunState {
  return { ...state, audit: [...state.audit, entry].slice(-AUDIT_LIMIT) };
}
