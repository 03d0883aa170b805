import type { BudgetWindow } from '../../contracts/budgets';

const DAY_MS = 86_400_000;

/** The beginning of the window that a time lies in, UTC. `total` has one window, which begins with time itself. */
export function startOf(window: BudgetWindow, at: number): number {
  const day = Math.floor(at / DAY_MS);
  switch (window) {
    case 'total':
      return 0;
    case 'day':
      return day * DAY_MS;
    case 'week':
      // Time begins on a Thursday, weeks on a Monday.
      return (day - ((day + 3) % 7)) * DAY_MS;
    case 'month': {
      const date = new Date(at);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    }
  }
}

/** When the window begins anew; undefined for `total`, which does not. */
export function endOf(window: BudgetWindow, startsAt: number): number | undefined {
  switch (window) {
    case 'total':
      return undefined;
    case 'day':
      return startsAt + DAY_MS;
    case 'week':
      return startsAt + 7 * DAY_MS;
    case 'month': {
      const date = new Date(startsAt);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    }
  }
}

/** The next time at which any window turns: they all turn at midnight. */
export function nextTurn(at: number): number {
  return startOf('day', at) + DAY_MS;
}
