import {
  BUDGET_WINDOWS,
  type BudgetAccountName,
  type BudgetWindow,
  type DeclareBudgets,
  type SetBudget,
} from '../../contracts/budgets';
import { formatMoney, type NanoDollars } from '../../contracts/money';
import { accountAt, keyOf, labelOf, limitOf } from './accounts';
import { alerted, isNear, wordOf } from './alerts';
import type { Account, Books, Ledger, WindowBook } from './books';
import { write } from './lines';

/** What the configuration declares now. The same again changes nothing. */
export function declare(books: Books, { alertAt, accounts }: DeclareBudgets): void {
  books.alertAt = alertAt;
  const declared = new Map(accounts.map((one) => [keyOf(one), one]));
  for (const account of [...books.accounts.values()]) {
    if (account.level !== 'run' && !declared.has(keyOf(account))) declareAccount(books, account, {});
  }
  for (const one of accounts) {
    const limits = one.limits.map(({ window, limitNano }) => [window, limitNano] as const);
    declareAccount(books, accountAt(books, one), Object.fromEntries(limits));
  }
}

/** Gives what has changed, for people. */
export function setByHand(books: Books, { account: name, window, limitNano, who, comment }: SetBudget): string {
  const account = accountAt(books, name);
  const { [window]: before, ...others } = account.set;
  const one = limitNano !== undefined && { limitNano, who, at: books.at, ...(comment !== undefined && { comment }) };
  const changed: Account = { ...account, set: one === false ? others : { ...others, [window]: one } };
  books.accounts.set(keyOf(account), rearmed(books, account, changed));
  const label = labelOf(account, books.organisation);
  const now = amountOf(limitOf(changed, window), window);
  const text =
    one === false
      ? `what ${before?.who ?? 'somebody'} set is withdrawn by ${who}: ${now}`
      : `set by ${who}: ${now}${comment === undefined ? '' : ` (${comment})`}`;
  write(books, 'set', label, text);
  return one === false ? `What was set for ${label} is withdrawn: ${now}.` : `${label} may spend ${now}.`;
}

export function isSetByHand(
  { accounts }: Pick<Ledger, 'accounts'>,
  name: BudgetAccountName,
  window: BudgetWindow,
): boolean {
  return accounts.get(keyOf(name))?.set[window] !== undefined;
}

function declareAccount(books: Books, account: Account, declared: Account['declared']): void {
  const changes = BUDGET_WINDOWS.filter((window) => account.declared[window] !== declared[window]);
  if (changes.length === 0) {
    // A new share may be one that is spent already.
    books.accounts.set(keyOf(account), rearmed(books, account, account));
    return;
  }
  books.accounts.set(keyOf(account), rearmed(books, account, { ...account, declared }));
  const text = changes.map((window) => amountOf(declared[window], window)).join(', ');
  write(books, 'declared', labelOf(account, books.organisation), text);
}

/** Where a limit has changed, what was told of the old one counts no more: people are told of the new one. */
function rearmed(books: Books, before: Account, after: Account): Account {
  const windows = BUDGET_WINDOWS.flatMap((window) => {
    const book = after.windows[window];
    return book === undefined ? [] : [[window, rearm(books, before, after, window, book)] as const];
  });
  return { ...after, touchedAt: books.at, windows: Object.fromEntries(windows) };
}

function rearm(books: Books, before: Account, after: Account, window: BudgetWindow, book: WindowBook): WindowBook {
  const limitNano = limitOf(after, window);
  const place = { account: after, window, ...(limitNano !== undefined && { limitNano }) };
  if (limitOf(before, window) === limitNano) return alerted(books, place, book);
  const { overAt: _over, refusedAt: _refused, alertedAt, ...rest } = book;
  const isStillNear = limitNano !== undefined && isNear(book.settledNano, limitNano, books.alertAt);
  const kept: WindowBook = isStillNear && alertedAt !== undefined ? { ...rest, alertedAt } : rest;
  return alerted(books, place, kept);
}

function amountOf(limitNano: NanoDollars | undefined, window: BudgetWindow): string {
  return limitNano === undefined ? `no limit ${wordOf(window)}` : `${formatMoney(limitNano)} ${wordOf(window)}`;
}
