import { BUDGET_WINDOWS, type BudgetScope, type BudgetWindow } from '../../contracts/budgets';
import type { NanoDollars } from '../../contracts/money';
import type { Account, AccountId, Books, Sums, WindowBook } from './books';
import { startOf } from './windows';

/** The accounts that a scope is counted in, from the organisation down. */
export function accountsOf({ team, job, run }: BudgetScope): readonly AccountId[] {
  return [
    { level: 'org' },
    ...(team === undefined ? [] : [{ level: 'team' as const, team }]),
    ...(team === undefined || job === undefined ? [] : [{ level: 'job' as const, team, job }]),
    ...(run === undefined ? [] : [{ level: 'run' as const, run }]),
  ];
}

/** Names hold no slash where there are two of them, so that no two accounts have one key. */
export function keyOf({ level, team, job, run }: AccountId): string {
  switch (level) {
    case 'org':
      return 'org';
    case 'team':
      return `team/${team}`;
    case 'job':
      return `job/${team}/${job}`;
    case 'run':
      return `run/${run}`;
  }
}

/** As people call it: `acme`, `platform`, `platform/calculator`, a run id. */
export function labelOf({ level, team, job, run }: AccountId, organisation: string): string {
  switch (level) {
    case 'org':
      return organisation;
    case 'team':
      return team ?? '';
    case 'job':
      return `${team}/${job}`;
    case 'run':
      return run ?? '';
  }
}

/** A run lives in one window. */
export function windowsOf({ level }: AccountId): readonly BudgetWindow[] {
  return level === 'run' ? ['total'] : BUDGET_WINDOWS;
}

export function limitOf({ set, declared }: Account, window: BudgetWindow): NanoDollars | undefined {
  return set[window]?.limitNano ?? declared[window];
}

export function isLimited(account: Account): boolean {
  return BUDGET_WINDOWS.some((window) => limitOf(account, window) !== undefined);
}

export function pastKey(account: string, window: BudgetWindow, startsAt: number): string {
  return `${account} ${window} ${startsAt}`;
}

export const NOTHING: Sums = { settledNano: 0, heldNano: 0, unconfirmedNano: 0 };

/** The account, made where there is none. */
export function accountAt(books: Books, id: AccountId): Account {
  const key = keyOf(id);
  const known = books.accounts.get(key) ?? newAccount(id, books.at);
  books.accounts.set(key, known);
  return known;
}

/** Turn every account's windows that are over. */
export function turnAll(books: Books): void {
  for (const [key, account] of books.accounts) books.accounts.set(key, turn(books, account));
}

function newAccount({ level, team, job, run }: AccountId, at: number): Account {
  const id = {
    ...{ level, ...(team !== undefined && { team }) },
    ...(job !== undefined && { job }),
    ...(run !== undefined && { run }),
  };
  const windows = windowsOf(id).map((window) => [window, newWindow(window, at)] as const);
  return { ...id, touchedAt: at, declared: {}, set: {}, windows: Object.fromEntries(windows) };
}

function newWindow(window: BudgetWindow, at: number): WindowBook {
  return { ...NOTHING, startsAt: startOf(window, at) };
}

function turn(books: Books, account: Account): Account {
  const over = windowsOf(account).filter(
    (window) => startOf(window, books.at) > (account.windows[window]?.startsAt ?? Infinity),
  );
  if (over.length === 0) return account;
  for (const window of over) keep(books, account, window);
  const fresh = over.map((window) => [window, newWindow(window, books.at)] as const);
  return { ...account, windows: { ...account.windows, ...Object.fromEntries(fresh) } };
}

function keep({ past }: Books, account: Account, window: BudgetWindow): void {
  const { startsAt, settledNano, heldNano, unconfirmedNano } = account.windows[window]!;
  if (settledNano === 0 && heldNano === 0) return;
  const limitNano = limitOf(account, window);
  const key = keyOf(account);
  past.set(pastKey(key, window, startsAt), {
    ...{ account: key, window, startsAt, settledNano, heldNano, unconfirmedNano },
    ...(limitNano !== undefined && { limitNano }),
  });
}
