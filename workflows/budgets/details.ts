import type { LedgerLine, WindowView } from '../../contracts/budgets';
import { formatMoney } from '../../contracts/money';
import type { Ledger } from './books';
import { viewOf } from './view';

/** The Web UI shows so much of them. */
const ROWS = 60;
const LINES = 15;

/** What is spent of which limit, in Markdown for the Web UI. */
export function detailsOf(ledger: Ledger): string {
  const { accounts } = viewOf(ledger, ledger.at);
  const rows = accounts.flatMap(({ level, team, job, windows }) => {
    const name = job ?? team ?? ledger.organisation;
    return windows.filter(isTold).map((window) => rowOf(`${level} ${name}`, window));
  });
  const left = rows.length > ROWS ? [`| and ${rows.length - ROWS} more | | | | |`] : [];
  return [
    `## Budgets of ${ledger.organisation}`,
    '',
    '| account | window | spent | held | limit |',
    '| --- | --- | --- | --- | --- |',
    ...rows.slice(0, ROWS),
    ...left,
    '',
    `Slices open: ${ledger.slices.size}`,
    ...linesOf(ledger.lines.slice(-LINES)),
  ].join('\n');
}

/** Where there is no limit, the month and all that was ever spent say enough. */
function isTold({ window, limitNano, settledNano }: WindowView): boolean {
  return limitNano !== undefined || (settledNano > 0 && (window === 'month' || window === 'total'));
}

function rowOf(account: string, { window, settledNano, heldNano, limitNano, alertedAt, setBy }: WindowView): string {
  const limit = limitNano === undefined ? 'none' : formatMoney(limitNano);
  const by = setBy === undefined ? '' : `, set by ${setBy.who}`;
  const alert = alertedAt === undefined ? '' : ' **alert**';
  return `| ${account} | ${window} | ${formatMoney(settledNano)}${alert} | ${formatMoney(heldNano)} | ${limit}${by} |`;
}

function linesOf(lines: readonly LedgerLine[]): readonly string[] {
  if (lines.length === 0) return [];
  return [
    '',
    ...lines.map(({ at, what, account, text }) => `- ${new Date(at).toISOString()} ${account}: **${what}** ${text}`),
  ];
}
