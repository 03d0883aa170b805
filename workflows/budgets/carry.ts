import type { LedgerLine } from '../../contracts/budgets';
import type { Account, Ledger, OpenSlice, PastWindow, UnconfirmedSlice } from './books';

/** A ledger as JSON: what goes from one execution to the next. */
export interface CarriedLedger {
  readonly organisation: string;
  readonly at: number;
  readonly alertAt: number;
  readonly accounts: readonly (readonly [string, Account])[];
  readonly past: readonly (readonly [string, PastWindow])[];
  readonly slices: readonly (readonly [string, OpenSlice])[];
  readonly unconfirmed: readonly (readonly [string, UnconfirmedSlice])[];
  readonly ended: readonly (readonly [string, number])[];
  readonly lines: readonly LedgerLine[];
}

export function carry({
  accounts,
  past,
  slices,
  unconfirmed,
  ended,
  organisation,
  at,
  alertAt,
  lines,
}: Ledger): CarriedLedger {
  return {
    ...{ organisation, at, alertAt, lines },
    accounts: [...accounts],
    past: [...past],
    slices: [...slices],
    unconfirmed: [...unconfirmed],
    ended: [...ended],
  };
}

export function takeOver({ accounts, past, slices, unconfirmed, ended, ...rest }: CarriedLedger): Ledger {
  return {
    ...rest,
    accounts: new Map(accounts),
    past: new Map(past),
    slices: new Map(slices),
    unconfirmed: new Map(unconfirmed),
    ended: new Map(ended),
  };
}
