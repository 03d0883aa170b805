import type { BudgetScope, BudgetWindow } from '../../contracts/budgets';
import type { NanoDollars } from '../../contracts/money';
import { accountAt, accountsOf, keyOf, limitOf, pastKey, windowsOf } from './accounts';
import { alerted, goneOver } from './alerts';
import type { Account, AccountId, Books, Sums } from './books';
import { startOf } from './windows';

/** One window of one account that a scope is counted in, with what is counted there. */
export interface Place extends Sums {
  readonly account: AccountId;
  readonly window: BudgetWindow;
  readonly startsAt: number;
  readonly limitNano?: NanoDollars;
}

/**
 * Every window that something of this scope is counted in, when it began at `at`; from the organisation down. Windows that
 * have been forgotten are left out.
 */
export function placesOf(books: Books, scope: BudgetScope, at: number): readonly Place[] {
  return accountsOf(scope).flatMap((id) => {
    const account = books.accounts.get(keyOf(id));
    return windowsOf(id).flatMap((window) => placeOf(books, id, account, window, startOf(window, at)) ?? []);
  });
}

/** Bring every account of the scope up to now: from then on {@link placesOf} finds it. A run is at work again. */
export function touch(books: Books, scope: BudgetScope): void {
  for (const id of accountsOf(scope)) {
    const { closed: _closed, ...account } = accountAt(books, id);
    books.accounts.set(keyOf(id), { ...account, touchedAt: books.at });
  }
}

/** Can be held besides what is: undefined where there is no limit. */
export function roomOf({ limitNano, settledNano, heldNano }: Place): NanoDollars | undefined {
  return limitNano === undefined ? undefined : limitNano - settledNano - heldNano;
}

/** Count something in every place, in one step; then tell what limits that has come near to, or gone over. */
export function count(books: Books, places: readonly Place[], change: Partial<Sums>): void {
  for (const place of places) {
    const after = add(place, change);
    const key = keyOf(place.account);
    const account = books.accounts.get(key);
    if (account?.windows[place.window]?.startsAt === place.startsAt) {
      books.accounts.set(key, inWindow(books, account, place, after, (change.settledNano ?? 0) > 0));
      continue;
    }
    const over = pastKey(key, place.window, place.startsAt);
    const past = books.past.get(over);
    if (past !== undefined) books.past.set(over, { ...past, ...after });
  }
}

function inWindow(books: Books, account: Account, place: Place, after: Sums, hasSpent: boolean): Account {
  const { window } = place;
  const counted = { ...account.windows[window]!, ...after };
  const told = hasSpent ? goneOver(books, place, alerted(books, place, counted)) : counted;
  return { ...account, touchedAt: books.at, windows: { ...account.windows, [window]: told } };
}

function add(place: Sums, { settledNano = 0, heldNano = 0, unconfirmedNano = 0 }: Partial<Sums>): Sums {
  return {
    settledNano: place.settledNano + settledNano,
    heldNano: place.heldNano + heldNano,
    unconfirmedNano: place.unconfirmedNano + unconfirmedNano,
  };
}

function placeOf(
  { past }: Books,
  id: AccountId,
  account: Account | undefined,
  window: BudgetWindow,
  startsAt: number,
): Place | undefined {
  const current = account?.windows[window];
  if (account !== undefined && current?.startsAt === startsAt) {
    const limitNano = limitOf(account, window);
    return { ...sumsOf(current), account: id, window, startsAt, ...(limitNano !== undefined && { limitNano }) };
  }
  const over = past.get(pastKey(keyOf(id), window, startsAt));
  if (over === undefined) return undefined;
  const { limitNano } = over;
  return { ...sumsOf(over), account: id, window, startsAt, ...(limitNano !== undefined && { limitNano }) };
}

function sumsOf({ settledNano, heldNano, unconfirmedNano }: Sums): Sums {
  return { settledNano, heldNano, unconfirmedNano };
}
