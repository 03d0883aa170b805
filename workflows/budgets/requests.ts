import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import {
  bookUpdate,
  declareBudgetsUpdate,
  ledgerHistoryQuery,
  ledgerQuery,
  setBudgetUpdate,
  type DeclareBudgets,
  type LedgerAnswer,
  type LedgerEntry,
  type SetBudget,
} from '../../contracts/budgets';
import { REFUSED, type Answer } from '../../contracts/messages';
import { book, declared, limitSet } from './ledger';
import type { LedgerContext } from './ledger-context';
import { isSetByHand } from './limits';
import { readEntry } from './read-entry';
import { faultInDeclaration, faultInSetting } from './read-request';
import { historyOf, viewOf } from './view';

const SET_FORM = '{"account": {"level": "org"}, "window": "day", "limitNano": 5000000000, "who": "your name"}';

/** What workers book, what a configuration declares, and what people may set. */
export function listen(context: LedgerContext): void {
  setHandler(ledgerQuery, () => viewOf(context.ledger, Date.now()), { description: 'what is spent of which limit' });
  setHandler(ledgerHistoryQuery, () => historyOf(context.ledger), {
    description: 'what was decided about money, and what was spent in windows that are over',
  });
  setHandler(bookUpdate, (entries) => booked(context, entries), {
    description: 'hold, report and settle money; workers and gateways send it, several entries at once',
    validator: (entries: unknown) => {
      const { batch } = context.limits;
      const isBatch = Array.isArray(entries) && entries.length > 0 && entries.length <= batch;
      if (!isBatch) refuse(`Entries come as a list of 1 to ${batch}.`);
    },
  });
  setHandler(declareBudgetsUpdate, (declaration) => declaredNow(context, declaration), {
    description: 'the limits of the configuration, in place of those declared before; workers send it when they start',
    validator: (declaration: unknown) => refuseFault(faultInDeclaration(declaration)),
  });
  setHandler(setBudgetUpdate, (request) => setNow(context, request), {
    description: `set a limit by hand, above what is declared; without "limitNano" withdraw it; send ${SET_FORM}`,
    validator: (request: SetBudget) => {
      refuseFault(faultInSetting(request));
      const { account, window, limitNano } = request;
      if (limitNano !== undefined || isSetByHand(context.ledger, account, window)) return;
      refuse(`Nobody has set a limit by hand there for the window "${window}"; there is nothing to withdraw.`);
    },
  });
}

function booked(context: LedgerContext, entries: readonly LedgerEntry[]): readonly LedgerAnswer[] {
  const { ledger, answers } = book(context.ledger, entries.map(readEntry), Date.now());
  context.apply(ledger);
  return answers;
}

function declaredNow(context: LedgerContext, declaration: DeclareBudgets): Answer {
  context.apply(declared(context.ledger, declaration, Date.now()));
  return { message: `The budgets of ${context.input.organisation} are declared.` };
}

function setNow(context: LedgerContext, request: SetBudget): Answer {
  const { ledger, message } = limitSet(context.ledger, request, Date.now());
  context.apply(ledger);
  log.info('a budget was set by hand', { who: request.who, account: request.account, window: request.window });
  return { message };
}

function refuseFault(fault: string | undefined): void {
  if (fault !== undefined) refuse(fault);
}

function refuse(reason: string): never {
  throw ApplicationFailure.create({ type: REFUSED, message: reason, nonRetryable: true });
}
