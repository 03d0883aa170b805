import { BUDGET_WINDOWS, type BudgetLimit, type DeclareBudgets } from '../budgets';
import type { BudgetsFile } from '../schemas/config/budgets';

/** The budgets of a configuration, as a ledger is told of them. */
export function declarationOf({ limits, teams, 'alert-at': alertAt }: BudgetsFile): DeclareBudgets {
  return {
    alertAt,
    accounts: [
      { level: 'org', limits: limitsOf(limits) },
      ...Object.entries(teams).flatMap(([team, { limits: ofTeam, jobs }]) => [
        { level: 'team' as const, team, limits: limitsOf(ofTeam) },
        ...Object.entries(jobs).map(([job, { limits: ofJob }]) => ({
          ...{ level: 'job' as const, team, job, limits: limitsOf(ofJob) },
        })),
      ]),
    ],
  };
}

function limitsOf(limits: BudgetsFile['limits']): readonly BudgetLimit[] {
  return BUDGET_WINDOWS.flatMap((window) => {
    const limitNano = limits[window];
    return limitNano === undefined ? [] : [{ window, limitNano }];
  });
}
