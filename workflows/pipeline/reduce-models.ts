import type { StageKey } from '../../contracts/ids';
import { toNano } from '../../contracts/money';
import { EMPTY_PURSE, gaveBack, giveBack, lose, putDown, settled, take, type PurseState } from '../models/purse';
import type { ModelEvent, SpentEvent } from './run-events';
import { without } from './stage-records';
import type { RunState } from './state';

/** What asking models changes. */
export function reduceModels(state: RunState, event: ModelEvent): RunState {
  const purse = state.purse ?? EMPTY_PURSE;
  switch (event.type) {
    case 'slice.taken':
      return { ...state, purse: take(purse, event.taken) };
    case 'slice.back':
      return { ...state, purse: giveBack(purse, event.taken, event.slice) };
    case 'slice.lost':
      return { ...state, purse: lose(purse, event.taken) };
    case 'slices.put-down':
      return { ...state, purse: putDown(purse) };
    case 'slices.given-back':
      return { ...state, purse: gaveBack(purse, event.slices) };
    case 'slices.settled':
      return { ...state, purse: settled(purse) };
    case 'asking.parked': {
      const { key, asked } = event;
      const asking = without(state.asking ?? {}, key);
      return { ...state, asking: asked === undefined ? asking : { ...asking, [key]: asked } };
    }
  }
}

/** A cost where it is counted: what models cost is in the slices, what agents cost is charged when the run ends. */
export function bookedOn(state: RunState, { by, costUsd }: SpentEvent): RunState {
  if (by === 'run' || costUsd === 0) return state;
  const purse = state.purse ?? EMPTY_PURSE;
  const field = by === 'model' ? 'modelsNano' : 'agentsNano';
  return { ...state, purse: { ...purse, [field]: purse[field] + toNano(costUsd) } satisfies PurseState };
}

/** Stages that are done again ask anew. */
export function withoutAsking(state: RunState, keys: readonly StageKey[]): RunState {
  if (state.asking === undefined) return state;
  const kept = Object.entries(state.asking).filter(([key]) => !keys.includes(key));
  return { ...state, asking: Object.fromEntries(kept) };
}
