import type { Slice } from '../../contracts/budgets';
import type { NanoDollars } from '../../contracts/money';

// What a run, or one question, has drawn from the ledger and not used up. Pure: calls take a slice along and bring it
// back, so that no two spend from the same one at once, and none is drawn where one is free.

/** Plain JSON: it is carried over continue-as-new. */
export interface PurseState {
  /** Calls that were given the id of a slice of their own, should they need one. */
  readonly taken: number;
  /** Slices that nobody uses now. */
  readonly free: readonly Slice[];
  /** Slices that are not spent from any more. */
  readonly ended: readonly Slice[];
  /** Slices that may have been drawn by calls of which nobody heard again. */
  readonly unheard: readonly string[];
  /** What calls of models have cost, as far as anybody knows. */
  readonly modelsNano: NanoDollars;
  /** What agents have cost: spent beside the slices. */
  readonly agentsNano: NanoDollars;
  /** Slices were settled before the end: the run has an account to close, whatever is left of them. */
  readonly gaveBack?: true;
}

export const EMPTY_PURSE: PurseState = {
  taken: 0,
  free: [],
  ended: [],
  unheard: [],
  modelsNano: 0,
  agentsNano: 0,
};

/** What a call takes along. */
export interface Taken {
  readonly slice?: Slice;
  readonly nextSlice: string;
}

/** What a call that takes along now would. The fullest slice goes first: the call may be the dearest. */
export function toTake(purse: PurseState, nextSlice: string): Taken {
  const [slice] = [...purse.free].sort((one, other) => leftIn(other) - leftIn(one));
  return { nextSlice, ...(slice === undefined ? {} : { slice }) };
}

export function take(purse: PurseState, { slice }: Taken): PurseState {
  const free = purse.free.filter(({ id }) => id !== slice?.id);
  return { ...purse, taken: purse.taken + 1, free };
}

/** A call has told what is left of what it took along. Where that was too little it drew another, and left this as it was. */
export function giveBack(purse: PurseState, taken: Taken, slice: Slice | undefined): PurseState {
  const untouched = taken.slice === undefined || taken.slice.id === slice?.id ? [] : [taken.slice];
  return { ...purse, free: [...purse.free, ...untouched, ...(slice === undefined ? [] : [slice])] };
}

/** Nobody heard of a call again: what it took along counts as spent, and what it may have drawn is for the ledger. */
export function lose(purse: PurseState, { slice, nextSlice }: Taken): PurseState {
  const lost = slice === undefined ? [] : [{ ...slice, spentNano: slice.grantedNano }];
  return { ...purse, ended: [...purse.ended, ...lost], unheard: [...purse.unheard, nextSlice] };
}

/** Nobody spends from what is free any more: it is on its way to the ledger, and settled at the end where it gets lost. */
export function putDown(purse: PurseState): PurseState {
  return { ...purse, free: [], ended: [...purse.ended, ...purse.free] };
}

/** The ledger has booked how these ended. */
export function gaveBack(purse: PurseState, slices: readonly Slice[]): PurseState {
  const ids = new Set(slices.map(({ id }) => id));
  return { ...purse, ended: purse.ended.filter(({ id }) => !ids.has(id)), gaveBack: true };
}

/** What is to be settled when all calls have ended; undefined: nothing. */
export function toSettle(
  purse: PurseState,
): { readonly slices: readonly Slice[]; readonly unheard: readonly string[] } | undefined {
  const slices = [...purse.free, ...purse.ended];
  const isEmpty = slices.length === 0 && purse.unheard.length === 0 && purse.agentsNano === 0 && !purse.gaveBack;
  return isEmpty ? undefined : { slices, unheard: purse.unheard };
}

/** All is settled; what was spent is remembered for the limit of the run. */
export function settled(purse: PurseState): PurseState {
  return { ...EMPTY_PURSE, taken: purse.taken, modelsNano: purse.modelsNano };
}

function leftIn({ grantedNano, spentNano }: Slice): NanoDollars {
  return grantedNano - spentNano;
}
