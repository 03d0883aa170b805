import { allHandlersFinished, condition, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import { STANDING_MEMO, type BreakerInput, type Standing } from '../../contracts/breakers';
import { Alarm } from './alarm';
import { nextChange, standingOf } from './breaker';
import { BreakerContext } from './breaker-context';
import { listen } from './requests';

/**
 * The breaker of one provider, for all hosts together. The name is wire format: renaming it breaks open breakers.
 *
 * The story: hear how calls went, mirror what that means to the memo, and let one caller try again when the time has
 * come. Closed and without a word for a day, it ends; whoever has something to tell starts it again.
 */
export async function providerBreaker(input: BreakerInput): Promise<Standing> {
  const context = new BreakerContext(input);
  const alarm = new Alarm(() => context.wake());
  listen(context);
  for (;;) {
    context.woken = false;
    context.settle();
    context.publish();
    if (context.isIdle()) return standingOf(context.breaker);
    if (isLong(context)) return goOnAsNew(context);
    setAlarm(alarm, context);
    await condition(() => context.woken);
  }
}

function setAlarm(alarm: Alarm, { breaker, idleAt }: BreakerContext): void {
  const change = nextChange(breaker);
  if (change !== undefined) alarm.set(change, breaker.state === 'open' ? 'until it may be tried' : "the probe's lease");
  else if (breaker.state === 'closed') alarm.set(idleAt, 'ends when nothing is reported');
}

function isLong({ limits }: BreakerContext): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= limits.historyEvents;
}

/** The memo goes along: a worker that looks before the new execution has begun must not find the breaker closed. */
async function goOnAsNew(context: BreakerContext): Promise<never> {
  await condition(allHandlersFinished);
  const { input, breaker } = context;
  const memo = { [STANDING_MEMO]: standingOf(breaker) };
  return makeContinueAsNewFunc<typeof providerBreaker>({ memo })({ ...input, carried: breaker });
}
