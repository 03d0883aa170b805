import { isLimited, accountsOf, keyOf } from './accounts';
import type { Account, Books } from './books';

// What a ledger remembers is bounded by time and by number, so that all of it stays below a megabyte.

/** Ids that have ended are known for a day, so that nothing that comes again is booked again. */
export const ENDED_MS = 86_400_000;
/** Characters of such ids: about fifteen hundred of the usual length; the oldest are forgotten first. */
export const ENDED_CHARACTERS = 90_000;
/** A slice that ended at an estimate can be corrected for this long. */
export const UNCONFIRMED_MS = 35 * 86_400_000;
export const UNCONFIRMED = 200;
/** Windows that are over. Those with open slices are kept beside them. */
export const PAST = 200;
/** Accounts that nothing limits, and runs, as long as no slice is counted there. */
export const UNLIMITED = 200;
export const RUNS = 300;

/** @param hasGrown There are accounts that were not there before. */
export function tidy(books: Books, hasGrown: boolean): void {
  forgetEnded(books);
  forgetUnconfirmed(books);
  forgetPast(books);
  closeRuns(books);
  if (!hasGrown) return;
  forgetAccounts(books, RUNS, ({ level }) => level === 'run');
  forgetAccounts(
    books,
    UNLIMITED,
    (account) => account.level !== 'run' && account.level !== 'org' && !isLimited(account),
  );
}

function forgetEnded({ ended, at }: Books): void {
  let size = 0;
  for (const id of ended.keys()) size += id.length;
  for (const [id, endedAt] of ended) {
    if (size <= ENDED_CHARACTERS && endedAt + ENDED_MS > at) return;
    ended.delete(id);
    size -= id.length;
  }
}

function forgetUnconfirmed({ unconfirmed, at }: Books): void {
  for (const [id, slice] of unconfirmed) {
    if (unconfirmed.size <= UNCONFIRMED && slice.at + UNCONFIRMED_MS > at) return;
    unconfirmed.delete(id);
  }
}

function forgetPast({ past }: Books): void {
  for (const [key, { heldNano }] of past) {
    if (past.size <= PAST) return;
    if (heldNano === 0) past.delete(key);
  }
}

function closeRuns(books: Books): void {
  const closed = [...books.accounts.values()].filter((account) => account.closed === true);
  if (closed.length === 0) return;
  const inUse = keysInUse(books);
  for (const account of closed) if (!inUse.has(keyOf(account))) forget(books, account);
}

/** Those that nothing was booked in for longest go first. */
function forgetAccounts(books: Books, most: number, isOne: (account: Account) => boolean): void {
  const some = [...books.accounts.values()].filter(isOne);
  if (some.length <= most) return;
  const inUse = keysInUse(books);
  const idle = some.filter((account) => !inUse.has(keyOf(account))).sort((a, b) => a.touchedAt - b.touchedAt);
  for (const account of idle.slice(0, some.length - most)) forget(books, account);
}

/** What is corrected later is not corrected in an account of the same name that has begun at nothing since. */
function forget({ accounts, unconfirmed }: Books, account: Account): void {
  const key = keyOf(account);
  accounts.delete(key);
  for (const [id, slice] of unconfirmed) {
    if (!accountsOf(slice.scope).some((one) => keyOf(one) === key)) continue;
    const { [account.level]: _gone, ...scope } = { org: undefined, ...slice.scope };
    unconfirmed.set(id, { ...slice, scope });
  }
}

function keysInUse({ slices }: Books): ReadonlySet<string> {
  return new Set([...slices.values()].flatMap(({ scope }) => accountsOf(scope).map(keyOf)));
}
