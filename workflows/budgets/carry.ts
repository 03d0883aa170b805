import type { LedgerLine } from '../../contracts/budgets';
import { keyOf, pastKey } from './accounts';
import type { Account, Ledger, OpenSlice, PastWindow, UnconfirmedSlice, WindowBook } from './books';

// A ledger as JSON: what goes from one execution to the next. Numbers stand in lists and not beside their names, which
// would be most of it; 0 stands for a time that is not known.

export interface CarriedLedger {
  readonly organisation: string;
  readonly at: number;
  readonly alertAt: number;
  readonly accounts: readonly CarriedAccount[];
  readonly past: readonly CarriedPast[];
  readonly slices: readonly CarriedSlice[];
  readonly unconfirmed: readonly (readonly [string, UnconfirmedSlice])[];
  readonly ended: readonly (readonly [string, number])[];
  readonly lines: readonly LedgerLine[];
}

type Numbers = readonly number[];
type CarriedAccount = Omit<Account, 'windows'> & { readonly windows: Readonly<Record<string, Numbers>> };
type CarriedPast = readonly [Pick<PastWindow, 'account' | 'window' | 'limitNano'>, Numbers];
type CarriedSlice = readonly [id: string, Pick<OpenSlice, 'scope' | 'holder'>, Numbers];

export function carry(ledger: Ledger): CarriedLedger {
  const { organisation, at, alertAt, lines } = ledger;
  return {
    ...{ organisation, at, alertAt, lines },
    accounts: [...ledger.accounts.values()].map(packAccount),
    past: [...ledger.past.values()].map(packPast),
    slices: [...ledger.slices].map(([id, slice]) => packSlice(id, slice)),
    unconfirmed: [...ledger.unconfirmed],
    ended: [...ledger.ended],
  };
}

export function takeOver({ accounts, past, slices, unconfirmed, ended, ...rest }: CarriedLedger): Ledger {
  return {
    ...rest,
    accounts: new Map(accounts.map(unpackAccount).map((account) => [keyOf(account), account])),
    past: new Map(past.map(unpackPast).map((one) => [pastKey(one.account, one.window, one.startsAt), one])),
    slices: new Map(slices.map(unpackSlice)),
    unconfirmed: new Map(unconfirmed),
    ended: new Map(ended),
  };
}

function packAccount({ windows, ...account }: Account): CarriedAccount {
  const packed = Object.entries(windows).map(([window, book]) => [window, packWindow(book)] as const);
  return { ...account, windows: Object.fromEntries(packed) };
}

function unpackAccount({ windows, ...account }: CarriedAccount): Account {
  const unpacked = Object.entries(windows).map(([window, numbers]) => [window, unpackWindow(numbers)] as const);
  return { ...account, windows: Object.fromEntries(unpacked) };
}

function packWindow(book: WindowBook): Numbers {
  const { startsAt, settledNano, heldNano, unconfirmedNano, alertedAt = 0, overAt = 0, refusedAt = 0 } = book;
  return [startsAt, settledNano, heldNano, unconfirmedNano, alertedAt, overAt, refusedAt];
}

function unpackWindow([
  startsAt = 0,
  settledNano = 0,
  heldNano = 0,
  unconfirmedNano = 0,
  ...told
]: Numbers): WindowBook {
  const [alertedAt = 0, overAt = 0, refusedAt = 0] = told;
  return {
    ...{ startsAt, settledNano, heldNano, unconfirmedNano },
    ...(alertedAt > 0 && { alertedAt }),
    ...(overAt > 0 && { overAt }),
    ...(refusedAt > 0 && { refusedAt }),
  };
}

function packPast({
  account,
  window,
  limitNano,
  startsAt,
  settledNano,
  heldNano,
  unconfirmedNano,
}: PastWindow): CarriedPast {
  const name = { account, window, ...(limitNano !== undefined && { limitNano }) };
  return [name, [startsAt, settledNano, heldNano, unconfirmedNano]];
}

function unpackPast([
  name,
  [startsAt = 0, settledNano = 0, heldNano = 0, unconfirmedNano = 0],
]: CarriedPast): PastWindow {
  return { ...name, startsAt, settledNano, heldNano, unconfirmedNano };
}

function packSlice(id: string, { scope, holder, ...numbers }: OpenSlice): CarriedSlice {
  const { grantedNano, atLeastNano, spentNano, drawnAt, leaseMs, leaseUntil } = numbers;
  return [id, { scope, holder }, [grantedNano, atLeastNano, spentNano, drawnAt, leaseMs, leaseUntil]];
}

function unpackSlice([id, whose, numbers]: CarriedSlice): [string, OpenSlice] {
  const [grantedNano = 0, atLeastNano = 0, spentNano = 0, drawnAt = 0, leaseMs = 0, leaseUntil = 0] = numbers;
  return [id, { ...whose, grantedNano, atLeastNano, spentNano, drawnAt, leaseMs, leaseUntil }];
}
