import {
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import { LEDGER_MEMO, type LedgerActivities, type LedgerInput } from '../../contracts/budgets';
import { Alarm } from '../breakers/alarm';
import { carry } from './carry';
import { LedgerContext } from './ledger-context';
import { listen } from './requests';

const activities = proxyActivities<LedgerActivities>({
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'is who holds a slice still at work?',
});

/**
 * The ledger of one organisation. The name is wire format: renaming it breaks open ledgers.
 *
 * The story: book what is sent, turn windows that are over, ask after holders whose lease has run out, and show how
 * things stand. It never ends: what was spent this month must be known next week.
 */
export async function budgetLedger(input: LedgerInput): Promise<void> {
  const context = new LedgerContext(input);
  const alarm = new Alarm(() => context.wake());
  listen(context);
  for (;;) {
    context.woken = false;
    context.pass();
    context.look(activities);
    context.publish();
    if (isLong(context)) return goOnAsNew(context);
    const { at, summary } = context.nextAt();
    alarm.set(at, summary);
    await condition(() => context.woken);
  }
}

function isLong({ limits }: LedgerContext): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= limits.historyEvents;
}

/** Holders that were being looked for are looked for again. The memo goes along, for whoever looks in between. */
async function goOnAsNew(context: LedgerContext): Promise<never> {
  await condition(allHandlersFinished);
  const memo = { [LEDGER_MEMO]: context.standing() };
  return makeContinueAsNewFunc<typeof budgetLedger>({ memo })({ ...context.input, carried: carry(context.ledger) });
}
