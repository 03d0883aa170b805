import type { BudgetScope, LedgerAnswer, Refusal } from '../../contracts/budgets';
import { formatMoney, type NanoDollars } from '../../contracts/money';
import { accountsOf, keyOf, labelOf } from './accounts';
import { alerted, refusedNow } from './alerts';
import { count, placesOf, roomOf, touch, type Place } from './booking';
import type { Books, EntryOf, OpenSlice, UnconfirmedSlice } from './books';
import { write } from './lines';
import { endOf } from './windows';

export const BOOKED: LedgerAnswer = { outcome: 'booked' };

const LONGEST_SLICE = 1_000;
/** What the numbers of a slice take up, and those of the account of its run. */
const NUMBERS = { slice: 90, run: 130 } as const;

const NEVER = Number.MAX_SAFE_INTEGER;

/** Characters that open slices may take up with the accounts of their runs, so that what a ledger carries stays below a megabyte. */
export const ROOM_FOR_SLICES = 500_000;

export function invalid(message: string): LedgerAnswer {
  return { outcome: 'invalid', message };
}

export function draw(books: Books, entry: EntryOf<'draw'>): LedgerAnswer {
  const { id, scope, runLimitNano } = entry;
  const known = books.slices.get(id);
  if (known === undefined && hasEnded(books, id)) return invalid(`The slice "${id}" has ended: draw another one.`);
  if (known !== undefined && !isSame(known, entry)) return invalid(`The slice "${id}" was drawn for another purpose.`);
  touch(books, scope);
  if (runLimitNano !== undefined) limitRun(books, scope, runLimitNano);
  return hold(books, entry, known);
}

export function report(books: Books, { id, spentNano }: EntryOf<'report'>): LedgerAnswer {
  const slice = books.slices.get(id);
  if (slice === undefined) return books.unconfirmed.has(id) ? BOOKED : notThere(books, id);
  const leaseUntil = Math.max(slice.leaseUntil, books.at + slice.leaseMs);
  const spent = Math.max(slice.spentNano, spentNano);
  count(books, placesOf(books, slice.scope, slice.drawnAt), {
    settledNano: spent - slice.spentNano,
    heldNano: leftIn(slice, spent) - leftIn(slice),
  });
  tellOvershoot(books, id, slice, spent);
  books.slices.set(id, { ...slice, spentNano: spent, leaseUntil });
  return BOOKED;
}

export function settle(books: Books, { id, spentNano }: EntryOf<'settle'>): LedgerAnswer {
  const slice = books.slices.get(id);
  if (slice !== undefined) {
    end(books, id, slice, Math.max(slice.spentNano, spentNano));
    books.ended.set(id, books.at);
    return BOOKED;
  }
  const assumed = books.unconfirmed.get(id);
  if (assumed === undefined) return books.ended.has(id) ? BOOKED : notThere(books, id);
  correct(books, id, assumed, Math.max(assumed.reportedNano, spentNano));
  return BOOKED;
}

export function release(books: Books, { id }: EntryOf<'release'>): LedgerAnswer {
  const slice = books.slices.get(id);
  if (slice !== undefined) {
    const estimate = Math.max(slice.spentNano, Math.min(slice.atLeastNano, slice.grantedNano));
    endAtEstimate(books, id, slice, estimate, 'was given back by somebody who does not know what it paid for');
  } else if (!hasEnded(books, id)) {
    books.ended.set(id, books.at);
  }
  return BOOKED;
}

export function charge(books: Books, { id, scope, spentNano }: EntryOf<'charge'>): LedgerAnswer {
  if (books.slices.has(id) || books.unconfirmed.has(id)) return invalid(`"${id}" is a slice: settle it.`);
  if (books.ended.has(id)) return BOOKED;
  touch(books, scope);
  count(books, placesOf(books, scope, books.at), { settledNano: spentNano });
  books.ended.set(id, books.at);
  return BOOKED;
}

/** The slice ends, and nobody knows for sure what it paid for. */
export function endAtEstimate(books: Books, id: string, slice: OpenSlice, assumedNano: NanoDollars, why: string): void {
  const { scope, drawnAt, spentNano: reportedNano } = slice;
  const unconfirmedNano = assumedNano - reportedNano;
  end(books, id, slice, assumedNano, unconfirmedNano);
  if (unconfirmedNano === 0) return void books.ended.set(id, books.at);
  books.unconfirmed.set(id, { scope, drawnAt, at: books.at, reportedNano, assumedNano });
  const text = `${formatMoney(unconfirmedNano)} counts as spent: the slice "${id}" ${why}`;
  write(books, 'unconfirmed', accountIn(books, scope), text);
}

function hold(books: Books, entry: EntryOf<'draw'>, known: OpenSlice | undefined): LedgerAnswer {
  const { amountNano, atLeastNano, leaseMs } = entry;
  const granted = known?.grantedNano ?? 0;
  const leaseUntil = Math.max(known?.leaseUntil ?? 0, books.at + leaseMs);
  if (known !== undefined && granted >= atLeastNano) {
    books.slices.set(entry.id, { ...known, leaseUntil });
    return { outcome: 'held', grantedNano: granted };
  }
  const drawnAt = known?.drawnAt ?? books.at;
  const places = placesOf(books, entry.scope, drawnAt);
  const room = Math.max(0, Math.min(...places.map((place) => roomOf(place) ?? Infinity)));
  if (room < atLeastNano - granted) return refuse(books, places, atLeastNano - granted);
  if (known === undefined && !hasRoom(books)) return invalid('The ledger holds as many slices as it can: settle some.');
  const more = Math.min(Math.max(amountNano, atLeastNano) - granted, room);
  count(books, places, { heldNano: holdOf(known, more) });
  const { id, scope, holder } = entry;
  const spentNano = known?.spentNano ?? 0;
  const slice = { scope, holder, grantedNano: granted + more, atLeastNano, spentNano, drawnAt, leaseMs, leaseUntil };
  books.slices.set(id, slice);
  return { outcome: 'held', grantedNano: slice.grantedNano };
}

/** What was spent above a grant is settled already, and is not held again when the grant grows. */
function holdOf(known: OpenSlice | undefined, more: NanoDollars): NanoDollars {
  if (known === undefined) return more;
  return leftIn({ ...known, grantedNano: known.grantedNano + more }) - leftIn(known);
}

/** The first level that has too little; of its windows the one that has for longest, because no other one helps. */
function refuse(books: Books, places: readonly Place[], askedNano: NanoDollars): LedgerAnswer {
  const short = places.filter((place) => (roomOf(place) ?? Infinity) < askedNano);
  const until = (place: Place): number | undefined =>
    askedNano > (place.limitNano ?? 0) ? undefined : endOf(place.window, place.startsAt);
  const [last] = short
    .filter(({ account }) => keyOf(account) === keyOf(short[0]!.account))
    .sort((a, b) => (until(b) ?? NEVER) - (until(a) ?? NEVER));
  const { account, window, limitNano = 0, settledNano, heldNano } = last!;
  tellRefusal(books, last!, askedNano);
  const retryAt = until(last!);
  const label = labelOf(account, books.organisation);
  const refusal: Refusal = {
    ...{ level: account.level, account: label, window, limitNano, settledNano, heldNano, askedNano },
    ...(retryAt !== undefined && { retryAt }),
  };
  return { outcome: 'refused', ...refusal };
}

function tellRefusal(books: Books, place: Place, askedNano: NanoDollars): void {
  const key = keyOf(place.account);
  const account = books.accounts.get(key);
  const book = account?.windows[place.window];
  if (account === undefined || book === undefined) return;
  // Who asks for more than the limit itself has not used it up.
  const isUsedUp = askedNano <= (place.limitNano ?? 0);
  const told = alerted(books, place, refusedNow(books, place, book, askedNano), isUsedUp);
  if (told !== book) books.accounts.set(key, { ...account, windows: { ...account.windows, [place.window]: told } });
}

function end(books: Books, id: string, slice: OpenSlice, spentNano: NanoDollars, unconfirmedNano = 0): void {
  count(books, placesOf(books, slice.scope, slice.drawnAt), {
    settledNano: spentNano - slice.spentNano,
    heldNano: -leftIn(slice),
    unconfirmedNano,
  });
  tellOvershoot(books, id, slice, spentNano);
  books.slices.delete(id);
}

function correct(books: Books, id: string, slice: UnconfirmedSlice, spentNano: NanoDollars): void {
  const { scope, drawnAt, reportedNano, assumedNano } = slice;
  count(books, placesOf(books, scope, drawnAt), {
    settledNano: spentNano - assumedNano,
    unconfirmedNano: reportedNano - assumedNano,
  });
  books.unconfirmed.delete(id);
  books.ended.set(id, books.at);
  const text = `the slice "${id}" has spent ${formatMoney(spentNano)}, where ${formatMoney(assumedNano)} was assumed`;
  write(books, 'corrected', accountIn(books, scope), text);
}

function tellOvershoot(books: Books, id: string, slice: OpenSlice, spentNano: NanoDollars): void {
  const { grantedNano, scope } = slice;
  if (spentNano <= Math.max(grantedNano, slice.spentNano)) return;
  const text = `the slice "${id}" has spent ${formatMoney(spentNano)}, and ${formatMoney(grantedNano)} was held for it`;
  write(books, 'over', accountIn(books, scope), text);
}

function limitRun(books: Books, { run }: BudgetScope, limitNano: NanoDollars): void {
  if (run === undefined) return;
  const key = keyOf({ level: 'run', run });
  const account = books.accounts.get(key);
  if (account === undefined || account.declared.total === limitNano) return;
  books.accounts.set(key, { ...account, declared: { total: limitNano } });
}

/** Looked at closely only where there are so many that long names could matter. */
function hasRoom({ slices }: Books): boolean {
  if (slices.size < ROOM_FOR_SLICES / LONGEST_SLICE) return true;
  let size = 0;
  for (const [id, { scope, holder }] of slices) {
    size += id.length + JSON.stringify([scope, holder]).length + NUMBERS.slice;
    if (scope.run !== undefined) size += scope.run.length + NUMBERS.run;
  }
  return size <= ROOM_FOR_SLICES;
}

function leftIn({ grantedNano, spentNano }: OpenSlice, spent = spentNano): NanoDollars {
  return Math.max(0, grantedNano - spent);
}

function isSame(slice: OpenSlice, entry: EntryOf<'draw'>): boolean {
  const purpose = ({ scope: { team, job, run }, holder }: Pick<OpenSlice, 'scope' | 'holder'>): string =>
    JSON.stringify([team, job, run, holder.kind, holder.kind === 'workflow' ? holder.workflowId : holder.name]);
  return purpose(slice) === purpose(entry);
}

function hasEnded({ ended, unconfirmed }: Books, id: string): boolean {
  return ended.has(id) || unconfirmed.has(id);
}

function notThere(books: Books, id: string): LedgerAnswer {
  if (books.ended.has(id)) return invalid(`The slice "${id}" has ended.`);
  return invalid(`No slice "${id}" is known here: it was never drawn, or has ended long ago.`);
}

function accountIn(books: Books, scope: BudgetScope): string {
  return labelOf(accountsOf(scope).at(-1)!, books.organisation);
}
