import type { AccountView, LedgerHistory, LedgerView, WindowView } from '../../../contracts/budgets';
import { formatMoney } from '../../../contracts/money';

import { moment } from './figures';
import { columns, fit, harmless, type Paint } from './paint';

export interface BudgetOptions {
  readonly paint: Paint;
  readonly width: number;
  readonly timeZone?: string;
}

/** Every account with its windows: how much of what, until when, and who said so. */
export function renderBudgets(view: LedgerView, options: BudgetOptions): string {
  const rows = view.accounts.flatMap((account) => account.windows.map((window) => row(account, window, view, options)));
  if (rows.length === 0) return `No budget is declared in ${view.organisation}, and nothing was spent.`;
  const head = ['BUDGET', 'WINDOW', 'SPENT', 'HELD', 'LIMIT', 'USED', 'BEGINS ANEW', ''].map(options.paint.dim);
  return columns([head, ...rows])
    .map((line) => fit(line, options.width))
    .join('\n');
}

function row(account: AccountView, window: WindowView, view: LedgerView, options: BudgetOptions): string[] {
  const { paint, timeZone } = options;
  const { settledNano, heldNano, limitNano, endsAt } = window;
  const indent = { org: '', team: '  ', job: '    ' }[account.level];
  const name = account.level === 'org' ? view.organisation : (account.job ?? account.team ?? '');
  return [
    `${indent}${account.level === 'job' ? name : paint.bold(name)}`,
    window.window,
    formatMoney(settledNano),
    heldNano === 0 ? '' : formatMoney(heldNano),
    limitNano === undefined ? paint.dim('none') : formatMoney(limitNano),
    limitNano === undefined ? '' : share(window, limitNano, view.alertAt, paint),
    endsAt === undefined ? '' : moment(endsAt, view.now, timeZone),
    remarks(window, view.now, options),
  ];
}

function share({ settledNano, heldNano }: WindowView, limitNano: number, alertAt: number, paint: Paint): string {
  const used = settledNano + heldNano;
  const percent = limitNano === 0 ? 100 : Math.floor((used / limitNano) * 100);
  const text = `${percent} %`;
  return percent >= 100 ? paint.red(text) : percent >= alertAt ? paint.yellow(text) : text;
}

function remarks({ setBy, declaredNano, unconfirmedNano }: WindowView, now: number, options: BudgetOptions): string {
  const declared = declaredNano === undefined ? 'no limit' : formatMoney(declaredNano);
  const by = setBy && `set by ${setBy.who} ${moment(setBy.at, now, options.timeZone)}, declared: ${declared}`;
  const unsure = unconfirmedNano === 0 ? undefined : `${formatMoney(unconfirmedNano)} of it unconfirmed`;
  return options.paint.dim([by, unsure].filter((part) => part !== undefined).join(' · '));
}

/** What was decided about money, oldest first, and what was spent in windows that are over. */
export function renderBudgetHistory({ lines, past }: LedgerHistory, options: BudgetOptions & { now: number }): string {
  const { paint, width, now, timeZone } = options;
  const decided = lines.map(({ at, what, account, text }) => [
    paint.dim(moment(at, now, timeZone)),
    what === 'alert' || what === 'refused' || what === 'over' ? paint.yellow(what) : what,
    account,
    harmless(text),
  ]);
  const spent = past.map(({ account, window, startsAt, settledNano, limitNano, unconfirmedNano }) => [
    `${window} of ${new Date(startsAt).toISOString().slice(0, 10)}`,
    account,
    formatMoney(settledNano),
    limitNano === undefined ? '' : `of ${formatMoney(limitNano)}`,
    unconfirmedNano === 0 ? '' : paint.dim(`${formatMoney(unconfirmedNano)} unconfirmed`),
  ]);
  const parts = [
    ...(spent.length > 0 ? [paint.bold('Windows that are over'), ...columns(spent), ''] : []),
    ...(decided.length > 0 ? columns(decided) : ['Nothing was decided about money yet.']),
  ];
  return parts.map((line) => fit(line, width)).join('\n');
}
