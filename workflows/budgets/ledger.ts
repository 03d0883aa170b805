import type { DeclareBudgets, LedgerAnswer, LedgerEntry, SetBudget } from '../../contracts/budgets';
import { keyOf, turnAll } from './accounts';
import { openBooks, type Books, type EntryOf, type Ledger } from './books';
import { holderFound, lapse, type HolderFound } from './leases';
import { declare, setByHand } from './limits';
import { BOOKED, charge, draw, invalid, release, report, settle } from './slices';
import { tidy } from './tidy';
import { startOf } from './windows';

// Rules of an organisation's ledger.
// L1.  A scope is counted at every level it names, from the organisation down, and at each in every window: day, week,
//      month and total; a run in total alone. Where there is no limit it is counted all the same.
// L2.  A draw is admitted where settled + held + granted is within the limit in every one of these windows. That is looked
//      at and committed in one step, so no number of draws at once goes over a limit.
// L3.  A draw gets what it asks where that fits, else what is left where that is as much as it needs, else a refusal: the
//      first level from the organisation down that has too little, and of its windows the one that ends last.
// L4.  A slice ends exactly once: settled, released, or by its lease. What its holder reports moves from held to settled at
//      once, and is never lowered; when it ends, what is left goes back.
// L5.  Ids make everything idempotent. The ids that have ended are remembered for a day, about fifteen hundred of them
//      at the most (tidy.ts). A draw that comes again changes nothing, unless its slice is too small by now: then it grows.
// L6.  A lease that ran out ends nothing by itself that somebody knows more of. A workflow is looked for: at work, it keeps
//      its slices; ended, they are settled at what it has spent, or at all that was granted where nobody knows. A process
//      cannot be looked for: all that was granted counts as spent. What nobody knows is marked unconfirmed.
// L7.  Unconfirmed is corrected by a settle that comes later, within 35 days, for the last two hundred slices.
// L8.  Spending above a grant, a charge above a limit: it is booked as it is, and told (`over`). It is never a reason to
//      book less.
// L9.  A slice is counted in the windows in which it was drawn, however late it is spent or settled. So neither the window
//      that is over nor the one that begins can go over its limit by a slice that lies across midnight.
// L10. An alert is raised once for each window and level: when the share is spent, or when a draw is refused because the
//      window is used up. A limit that is changed is one that nobody was alerted of.
// L11. What is set by hand stands above what is declared until it is withdrawn. A declaration replaces the one before.
// L12. An account that nothing limits is forgotten when there are too many, the one unused for longest first; one with
//      open slices never. A run is forgotten when it was closed and its slices have ended.

export interface Booking {
  readonly ledger: Ledger;
  readonly answers: readonly LedgerAnswer[];
}

/** Book entries, in order and in one step. A string stands for an entry that makes no sense, and says why. */
export function book(before: Ledger, entries: readonly (LedgerEntry | string)[], now: number): Booking {
  const books = openAt(before, now);
  // Before leases are looked at: who is heard of now is not lost.
  const answers = entries.map((entry) => (typeof entry === 'string' ? invalid(entry) : one(books, entry)));
  lapse(books);
  return { ledger: tidied(books, before), answers };
}

/** What the passing of time changes: windows turn, leases of processes run out. */
export function pass(before: Ledger, now: number): Ledger {
  const books = openAt(before, now);
  lapse(books);
  return tidied(books, before);
}

export function declared(before: Ledger, declaration: DeclareBudgets, now: number): Ledger {
  const books = openAt(before, now);
  declare(books, declaration);
  return tidied(books, before);
}

export function limitSet(before: Ledger, request: SetBudget, now: number): { ledger: Ledger; message: string } {
  const books = openAt(before, now);
  const message = setByHand(books, request);
  return { ledger: tidied(books, before), message };
}

/** Somebody has looked for the workflow whose lease had run out. */
export function looked(before: Ledger, found: HolderFound, now: number, renewMs: number): Ledger {
  const books = openAt(before, now);
  holderFound(books, found, renewMs);
  return tidied(books, before);
}

/** Whatever is done, it finds the windows of now. */
function openAt(before: Ledger, now: number): Books {
  const books = openBooks(before, now);
  if (startOf('day', books.at) > startOf('day', before.at)) turnAll(books);
  return books;
}

function one(books: Books, entry: LedgerEntry): LedgerAnswer {
  switch (entry.op) {
    case 'draw':
      return draw(books, entry);
    case 'report':
      return report(books, entry);
    case 'settle':
      return settle(books, entry);
    case 'release':
      return release(books, entry);
    case 'charge':
      return charge(books, entry);
    case 'close-run':
      return closeRun(books, entry);
  }
}

function closeRun(books: Books, { run }: EntryOf<'close-run'>): LedgerAnswer {
  const key = keyOf({ level: 'run', run });
  const account = books.accounts.get(key);
  if (account !== undefined) books.accounts.set(key, { ...account, closed: true });
  return BOOKED;
}

function tidied(books: Books, before: Ledger): Ledger {
  tidy(books, books.accounts.size > before.accounts.size);
  return books;
}
