import type {
  BudgetLevel,
  BudgetScope,
  BudgetWindow,
  LedgerEntry,
  LedgerLine,
  SliceHolder,
} from '../../contracts/budgets';
import type { NanoDollars } from '../../contracts/money';

/** All that a ledger knows. Times are epoch milliseconds, money whole nano-dollars. */
export interface Ledger {
  readonly organisation: string;
  /** The time of the last booking: a ledger's clock never goes back. */
  readonly at: number;
  /** Percent of a limit. */
  readonly alertAt: number;
  readonly accounts: ReadonlyMap<string, Account>;
  /** Windows that are over, by {@link pastKey}, oldest first. */
  readonly past: ReadonlyMap<string, PastWindow>;
  readonly slices: ReadonlyMap<string, OpenSlice>;
  /** Slices that ended at an estimate, oldest first: a settle that comes after all corrects it. */
  readonly unconfirmed: ReadonlyMap<string, UnconfirmedSlice>;
  /** Ids of slices and charges that have ended, and when, oldest first. */
  readonly ended: ReadonlyMap<string, number>;
  readonly lines: readonly LedgerLine[];
}

/** A ledger while entries are booked into it: of its own, so that whoever has the ledger before sees nothing of it. */
export interface Books {
  readonly organisation: string;
  readonly at: number;
  alertAt: number;
  readonly accounts: Map<string, Account>;
  readonly past: Map<string, PastWindow>;
  readonly slices: Map<string, OpenSlice>;
  readonly unconfirmed: Map<string, UnconfirmedSlice>;
  readonly ended: Map<string, number>;
  readonly lines: LedgerLine[];
}

export interface AccountId {
  readonly level: BudgetLevel;
  readonly team?: string;
  readonly job?: string;
  readonly run?: string;
}

export interface Account extends AccountId {
  /** When anything was last booked. */
  readonly touchedAt: number;
  readonly declared: Limits<NanoDollars>;
  /** By hand: stands above what is declared. */
  readonly set: Limits<SetLimit>;
  readonly windows: Limits<WindowBook>;
  /** The run has ended. */
  readonly closed?: boolean;
}

type Limits<T> = Readonly<Partial<Record<BudgetWindow, T>>>;

export interface SetLimit {
  readonly limitNano: NanoDollars;
  readonly who: string;
  readonly at: number;
  readonly comment?: string;
}

/** What is counted in one window. */
export interface Sums {
  readonly settledNano: NanoDollars;
  readonly heldNano: NanoDollars;
  /** Of what is settled: what nobody has confirmed. */
  readonly unconfirmedNano: NanoDollars;
}

export interface WindowBook extends Sums {
  readonly startsAt: number;
  readonly alertedAt?: number;
  readonly overAt?: number;
  /** When a refusal was last written down. */
  readonly refusedAt?: number;
}

export interface PastWindow extends Sums {
  readonly account: string;
  readonly window: BudgetWindow;
  readonly startsAt: number;
  readonly limitNano?: NanoDollars;
}

export interface OpenSlice {
  readonly scope: BudgetScope;
  readonly holder: SliceHolder;
  readonly grantedNano: NanoDollars;
  /** What the call it was drawn for may cost. */
  readonly atLeastNano: NanoDollars;
  readonly spentNano: NanoDollars;
  /** Names the windows it is counted in. */
  readonly drawnAt: number;
  readonly leaseMs: number;
  readonly leaseUntil: number;
}

export interface UnconfirmedSlice {
  readonly scope: BudgetScope;
  readonly drawnAt: number;
  /** When it ended. */
  readonly at: number;
  /** What its holder said it had spent. */
  readonly reportedNano: NanoDollars;
  /** What counts as spent. */
  readonly assumedNano: NanoDollars;
}

/** An entry of one kind. */
export type EntryOf<Op extends LedgerEntry['op']> = Extract<LedgerEntry, { readonly op: Op }>;

export function newLedger(organisation: string, at: number): Ledger {
  const maps = { accounts: new Map(), past: new Map(), slices: new Map(), unconfirmed: new Map(), ended: new Map() };
  return { organisation, at, alertAt: 80, lines: [], ...maps };
}

export function openBooks(ledger: Ledger, now: number): Books {
  return {
    organisation: ledger.organisation,
    at: Math.max(ledger.at, now),
    alertAt: ledger.alertAt,
    accounts: new Map(ledger.accounts),
    past: new Map(ledger.past),
    slices: new Map(ledger.slices),
    unconfirmed: new Map(ledger.unconfirmed),
    ended: new Map(ledger.ended),
    lines: [...ledger.lines],
  };
}
