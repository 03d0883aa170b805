import type {
  AccountView,
  BudgetWindow,
  LedgerAlert,
  LedgerHistory,
  LedgerStanding,
  LedgerView,
  WindowView,
} from '../../contracts/budgets';
import { labelOf, limitOf, windowsOf } from './accounts';
import type { Account, Ledger } from './books';
import { endOf } from './windows';

/** Alerts in the memo. */
const ALERTS = 6;

/** All that stands in a ledger now. */
export function viewOf(ledger: Ledger, now: number): LedgerView {
  const { organisation, alertAt } = ledger;
  const accounts = [...ledger.accounts.values()].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return {
    ...{ organisation, now, alertAt },
    accounts: accounts.flatMap((account) => accountView(account) ?? []),
    runs: accounts.flatMap((account) => {
      const total = windowView(account, 'total');
      return account.run === undefined || total === undefined ? [] : [{ run: account.run, total }];
    }),
    slices: [...ledger.slices].map(([id, { grantedNano, spentNano, scope, holder, leaseUntil }]) => ({
      ...{ id, grantedNano, spentNano, scope, holder, leaseUntil },
    })),
  };
}

export function historyOf({ lines, past, accounts, organisation }: Ledger): LedgerHistory {
  return {
    lines,
    past: [...past.values()].map(({ account, window, startsAt, limitNano, settledNano, unconfirmedNano }) => {
      const known = accounts.get(account);
      return {
        account: known === undefined ? account.replace(/^\w+\//, '') : labelOf(known, organisation),
        ...{ window, startsAt, settledNano, unconfirmedNano },
        ...(limitNano !== undefined && { limitNano }),
      };
    }),
  };
}

export function standingOf(ledger: Ledger, at: number): LedgerStanding {
  const org = ledger.accounts.get('org');
  const windows = org === undefined ? [] : windowViews(org).filter(({ limitNano }) => limitNano !== undefined);
  return {
    ...{ at, alertAt: ledger.alertAt },
    windows: windows.map(({ window, startsAt, endsAt, limitNano, settledNano, heldNano, alertedAt }) => ({
      ...{ window, startsAt, settledNano, heldNano },
      ...(endsAt !== undefined && { endsAt }),
      ...(limitNano !== undefined && { limitNano }),
      ...(alertedAt !== undefined && { alertedAt }),
    })),
    alerts: alertsOf(ledger),
  };
}

function alertsOf({ accounts, organisation }: Ledger): readonly LedgerAlert[] {
  return [...accounts.values()]
    .flatMap((account) =>
      windowViews(account).flatMap(({ window, limitNano, settledNano, alertedAt }) =>
        alertedAt === undefined || limitNano === undefined
          ? []
          : [
              {
                level: account.level,
                account: labelOf(account, organisation),
                window,
                limitNano,
                settledNano,
                alertedAt,
              },
            ],
      ),
    )
    .sort((a, b) => a.alertedAt - b.alertedAt)
    .slice(-ALERTS);
}

function accountView(account: Account): AccountView | undefined {
  const { level, team, job } = account;
  if (level === 'run') return undefined;
  return {
    ...{ level, windows: windowViews(account) },
    ...(team !== undefined && { team }),
    ...(job !== undefined && { job }),
  };
}

function windowViews(account: Account): readonly WindowView[] {
  return windowsOf(account).flatMap((window) => windowView(account, window) ?? []);
}

function windowView(account: Account, window: BudgetWindow): WindowView | undefined {
  const book = account.windows[window];
  if (book === undefined) return undefined;
  const { startsAt, settledNano, heldNano, unconfirmedNano, alertedAt } = book;
  const limitNano = limitOf(account, window);
  const declaredNano = account.declared[window];
  const endsAt = endOf(window, startsAt);
  const by = account.set[window];
  return {
    ...{ window, startsAt, settledNano, heldNano, unconfirmedNano },
    ...(endsAt !== undefined && { endsAt }),
    ...(limitNano !== undefined && { limitNano }),
    ...(by !== undefined && {
      setBy: { who: by.who, at: by.at, ...(by.comment !== undefined && { comment: by.comment }) },
    }),
    ...(declaredNano !== undefined && { declaredNano }),
    ...(alertedAt !== undefined && { alertedAt }),
  };
}

/** The organisation, then each team with its jobs, then runs. */
function orderOf({ level, team = '', job = '', run = '' }: Account): string {
  if (level === 'org') return '0';
  return level === 'run' ? `2 ${run}` : `1 ${team} ${job}`;
}
