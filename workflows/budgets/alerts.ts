import type { BudgetWindow } from '../../contracts/budgets';
import { formatMoney, type NanoDollars } from '../../contracts/money';
import { labelOf } from './accounts';
import type { AccountId, Books, WindowBook } from './books';
import { write } from './lines';

/** A refusal is written down for each window at most this often: who waits asks again and again. */
const REFUSALS_APART_MS = 60_000;

interface Limited {
  readonly account: AccountId;
  readonly window: BudgetWindow;
  readonly limitNano?: NanoDollars;
}

/** Is this much of a limit spent that people are told? */
export function isNear(settledNano: NanoDollars, limitNano: NanoDollars, alertAt: number): boolean {
  return settledNano > 0 && settledNano * 100 >= limitNano * alertAt;
}

/** The window, with its alert where it is due; once for each window. */
export function alerted(books: Books, place: Limited, book: WindowBook, refused = false): WindowBook {
  const { limitNano } = place;
  if (limitNano === undefined || book.alertedAt !== undefined) return book;
  if (!refused && !isNear(book.settledNano, limitNano, books.alertAt)) return book;
  const spent = `${formatMoney(book.settledNano)} of ${formatMoney(limitNano)} ${wordOf(place.window)} is spent`;
  tell(books, place, 'alert', book.heldNano > 0 ? `${spent}, ${formatMoney(book.heldNano)} is held` : spent);
  return { ...book, alertedAt: books.at };
}

/** The window, told to be over its limit where it is; once for each window. */
export function goneOver(books: Books, place: Limited, book: WindowBook): WindowBook {
  const { limitNano } = place;
  if (limitNano === undefined || book.overAt !== undefined) return book;
  const used = book.settledNano + book.heldNano;
  if (used <= limitNano) return book;
  const by = formatMoney(used - limitNano);
  tell(books, place, 'over', `${by} over the limit of ${formatMoney(limitNano)} ${wordOf(place.window)}`);
  return { ...book, overAt: books.at };
}

/** The window, with a refusal written down where none was lately. */
export function refusedNow(books: Books, place: Limited, book: WindowBook, askedNano: NanoDollars): WindowBook {
  const { limitNano = 0 } = place;
  if (book.refusedAt !== undefined && books.at - book.refusedAt < REFUSALS_APART_MS) return book;
  const left = formatMoney(Math.max(0, limitNano - book.settledNano - book.heldNano));
  const asked = formatMoney(askedNano);
  tell(books, place, 'refused', `${asked} asked, ${left} left of ${formatMoney(limitNano)} ${wordOf(place.window)}`);
  return { ...book, refusedAt: books.at };
}

function tell(books: Books, { account }: Limited, what: 'alert' | 'over' | 'refused', text: string): void {
  write(books, what, labelOf(account, books.organisation), text);
}

/** `a day`, `in all`. */
export function wordOf(window: BudgetWindow): string {
  return window === 'total' ? 'in all' : `a ${window}`;
}
