import type { GateRecord, RunView, StageRecord } from '../../contracts/run';

/** 21 November 2026, 12:00 UTC. */
export const NOON = Date.UTC(2026, 10, 21, 12);

export function aStage(key: string, rest: Partial<StageRecord> = {}): StageRecord {
  return { key, kind: 'run', status: 'pending', turn: 0, attempt: 0, ...rest };
}

export function aGate(gate: string, rest: Partial<GateRecord> = {}): GateRecord {
  const open: GateRecord = {
    gate,
    turn: 1,
    message: 'Deploy it?',
    approvers: ['lead', 'release-manager'],
    min: 1,
    openedAt: NOON - 180_000,
    escalated: false,
    reminders: 0,
    votes: [],
  };
  return { ...open, ...rest };
}

export function aView(rest: Partial<RunView> = {}): RunView {
  const view: RunView = {
    run: { project: 'calculator', runId: 'memory-keys-7f3a' },
    pipeline: 'feature',
    status: 'RUNNING',
    mode: 'fix_forward',
    priority: 3,
    startedAt: NOON - 300_000,
    now: NOON,
    stages: [],
    gates: [],
    undos: [],
    costUsd: 0,
    tokens: 0,
    nested: [],
  };
  return { ...view, ...rest };
}
