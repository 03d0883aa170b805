import type { StageKey } from '../../contracts/ids';
import type { StageRecord } from '../../contracts/run';
import type { RunState } from './state';

export function withStage(state: RunState, record: StageRecord): RunState {
  return { ...state, stages: { ...state.stages, [record.key]: record } };
}

export function patchStage(state: RunState, key: StageKey, patch: Partial<StageRecord>): RunState {
  const record = state.stages[key];
  return record === undefined ? state : withStage(state, { ...record, ...patch });
}

/** A copy that lacks a field: absent and undefined are different things in a snapshot. */
export function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> & T {
  const copy = { ...value };
  delete copy[key];
  return copy;
}
