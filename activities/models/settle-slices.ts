import { ApplicationFailure } from '@temporalio/common';
import type { ErrorType } from '../../contracts/errors';
import type { LedgerEntry } from '../../contracts/budgets';
import { scopeOfProject } from '../../contracts/config/scope-of-project';
import type { SettleSlicesInput } from '../../contracts/models';
import { LedgerUnavailable } from './client/ports';
import type { ModelPorts } from './ports';

/** Book how the slices of a run or a batch ended. Every entry is idempotent, so a second try changes nothing. */
export async function settleSlices(
  { ledger, config, log }: Pick<ModelPorts, 'ledger' | 'config' | 'log'>,
  input: SettleSlicesInput,
): Promise<void> {
  const entries = entriesOf(config.budgets, input);
  if (entries.length === 0) return;
  try {
    const answers = await ledger.book(entries);
    const invalid = answers.filter((answer) => answer.outcome === 'invalid');
    if (invalid.length > 0) log.warn('the ledger refused entries at the end of slices', { id: input.id, invalid });
  } catch (error) {
    if (!(error instanceof LedgerUnavailable)) throw error;
    const message = `The ledger did not answer: ${error.message}. It is told again.`;
    throw ApplicationFailure.retryable(message, 'Budget.Unavailable' satisfies ErrorType);
  }
}

/** Without budgets nothing was drawn and nothing is charged; a run's own level ends in either case. */
function entriesOf(
  budgets: ModelPorts['config']['budgets'],
  { slices, unheard, scope, project, besideNano, id }: SettleSlicesInput,
): LedgerEntry[] {
  const ended = [
    ...slices.map((slice): LedgerEntry => ({ op: 'settle', id: slice.id, spentNano: slice.spentNano })),
    ...unheard.map((unknown): LedgerEntry => ({ op: 'release', id: unknown })),
  ];
  const charged: LedgerEntry[] =
    budgets === undefined || besideNano === 0
      ? []
      : [{ op: 'charge', id, scope: scopeOfProject(budgets, project, scope), spentNano: besideNano }];
  const spent = [...ended, ...charged];
  return scope.run === undefined || (spent.length === 0 && budgets === undefined)
    ? spent
    : [...spent, { op: 'close-run', run: scope.run }];
}
