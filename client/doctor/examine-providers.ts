import type { BudgetWindow, LedgerAlert } from '../../contracts/budgets';
import type { Standing } from '../../contracts/breakers';
import { formatMoney } from '../../contracts/money';
import type { Temporal } from '../temporal';
import { ok, warn, type Finding } from './finding';

/** Who takes nothing now, and whose budget is nearly spent: read from memos, so that no worker is asked. */
export async function examineProviders(temporal: Temporal, organisation: string): Promise<Finding[]> {
  const [standings, ledger] = await Promise.all([
    temporal.breakers.standings(),
    temporal.budgets.standing(organisation),
  ]);
  const closed = [...standings].filter(([, { state }]) => state !== 'closed').map(breakerFinding);
  const alerts = (ledger?.alerts ?? []).map(alertFinding);
  return [
    ...(closed.length > 0 ? closed : [ok('Breakers', 'nobody is left alone')]),
    ...(ledger === undefined || alerts.length > 0
      ? alerts
      : [ok('Budgets', `below ${ledger.alertAt} % in ${organisation}`)]),
  ];
}

function breakerFinding([name, { state, why = 'nobody said why', until }]: readonly [string, Standing]): Finding {
  const when = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  const todo =
    state === 'isolated' ? `Ask it again with \`gantry providers enable ${name}\`.` : 'See `gantry providers`.';
  return warn(`Breaker ${name}`, `${state}${when}: ${why}`, todo);
}

const WHEN: Record<BudgetWindow, string> = { day: 'this day', week: 'this week', month: 'this month', total: 'in all' };

function alertFinding({ account, window, settledNano, limitNano }: LedgerAlert): Finding {
  const share = limitNano === 0 ? 100 : Math.floor((settledNano / limitNano) * 100);
  const found = `${formatMoney(settledNano)} of ${formatMoney(limitNano)} spent ${WHEN[window]} (${share} %)`;
  return warn(`Budget ${account}`, found, 'See `gantry budget`; give more with `gantry budget set`.');
}
