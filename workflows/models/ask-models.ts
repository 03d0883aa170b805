import { condition, isCancellation } from '@temporalio/workflow';
import { formatDuration } from '../../contracts/duration';
import type { ErrorType } from '../../contracts/errors';
import type { CallModelInput, CallModelResult } from '../../contracts/models';
import type { NanoDollars } from '../../contracts/money';
import { failedCallOf, heardOf, isUnheard } from './failed-call';
import { afterFailedCall, nextCall, type Asked, type CallLimits, type FailedCall } from './next-call';
import type { Taken } from './purse';
import { linesOfAnswer, linesOfFailure, type ModelLine } from './tell';

/** How somebody asks models until one answers. */
export interface Asking {
  readonly request: Omit<CallModelInput, 'trials' | 'rejected' | 'spending' | 'timeoutMs' | 'waitsUntil'>;
  readonly limits: CallLimits;
  /** For one call, milliseconds. */
  readonly timeoutMs: number;
  /** What is known from before a continue-as-new. */
  readonly asked: Asked;
  readonly callModel: (input: CallModelInput, call: number) => Promise<CallModelResult>;
  readonly purse: PurseKeeper;
  readonly tell: (line: ModelLine) => void;
  /**
   * What a call has cost, whatever became of its answer, or what the budget counts for it; `costNano` absent: nobody
   * knows.
   */
  readonly spent: (cost: { readonly costNano?: NanoDollars; readonly tokens: number }) => void;
  /** Holds an answer against what is demanded of it. One that fails is no answer: its model may mend it. */
  readonly check?: (answer: CallModelResult, call: number) => Promise<FailedCall | undefined>;
  /** For the Web UI: what a pause is for. */
  readonly label: string;
  /** Once true, no further call begins: the loop is put down as it is. */
  readonly mustPark: () => boolean;
}

/** Where calls take what they spend from, and bring it back. */
export interface PurseKeeper {
  take(): { readonly taken: Taken; readonly spending: NonNullable<CallModelInput['spending']> };
  giveBack(taken: Taken, slice: CallModelResult['slice']): void;
  lose(taken: Taken): void;
}

export type Outcome =
  | { readonly answer: CallModelResult; readonly calls: number }
  | { readonly failure: { readonly type: ErrorType; readonly message: string }; readonly calls: number }
  /** Put down: to be gone on with. */
  | { readonly parked: Asked };

/**
 * Ask models until one answers, nobody is left to ask, or the time is up. Each call is an activity of its own, which is
 * told what the calls before have learned. Throws what is no failure of a call: cancellations, lost workers, bugs.
 */
export async function askModels(asking: Asking): Promise<Outcome> {
  let { asked } = asking;
  const tell = tellingOnce(asking.tell);
  if (asked.notBefore !== undefined) {
    await waitUntil(asking, asked.notBefore, 'as before');
    if (asking.mustPark()) return { parked: asked };
  }
  for (;;) {
    const outcome = await callOnce(asking, asked, tell);
    if ('answer' in outcome) return { answer: outcome.answer, calls: asked.calls + 1 };
    const { failed } = outcome;
    asked = afterFailedCall(asked, failed);
    const next = nextCall(asked, failed, asking.limits, Date.now());
    if (next.do === 'fail') return { failure: { type: next.type, message: next.message }, calls: asked.calls };
    if (next.do === 'wait') {
      tell({ what: 'model.waits', text: `until ${new Date(next.until).toISOString()}: ${next.why}` });
      asked = { ...asked, notBefore: next.lookAt ?? next.until };
      await waitUntil(asking, next.lookAt ?? next.until, next.why);
    }
    if (asking.mustPark()) return { parked: asked };
  }
}

type Called = { readonly answer: CallModelResult } | { readonly failed: FailedCall };

async function callOnce(asking: Asking, asked: Asked, tell: Asking['tell']): Promise<Called> {
  const called = await makeCall(asking, asked);
  if ('failed' in called) {
    linesOfFailure(called.failed).forEach(tell);
    const { costNano, countedNano } = called.failed.told ?? {};
    if (costNano !== undefined) asking.spent({ costNano, tokens: 0 });
    if (countedNano !== undefined) asking.spent({ costNano: countedNano, tokens: 0 });
    return called;
  }
  const { answer } = called;
  linesOfAnswer(answer).forEach(tell);
  const { costNano, inputTokens, outputTokens, lost } = answer;
  if (lost?.countedNano !== undefined) asking.spent({ costNano: lost.countedNano, tokens: 0 });
  asking.spent({ ...(costNano === undefined ? {} : { costNano }), tokens: inputTokens + outputTokens });
  const failed = await asking.check?.(answer, asked.calls + 1);
  return failed === undefined ? called : { failed };
}

async function makeCall(asking: Asking, asked: Asked): Promise<Called> {
  const { purse, limits } = asking;
  const { taken, spending } = purse.take();
  const left = limits.endsAt === undefined ? Infinity : Math.max(limits.endsAt - Date.now(), 1);
  const { trials, rejected } = asked;
  const input: CallModelInput = {
    ...asking.request,
    ...{ trials, spending },
    ...(rejected === undefined ? {} : { rejected }),
    timeoutMs: Math.min(asking.timeoutMs, left),
    waitsUntil: limits.waitsUntil,
  };
  try {
    const answer = await asking.callModel(input, asked.calls + 1);
    purse.giveBack(taken, answer.slice);
    return { answer };
  } catch (error) {
    if (isUnheard(error)) purse.lose(taken);
    else purse.giveBack(taken, heardOf(error)?.slice);
    const failed = isCancellation(error) ? undefined : failedCallOf(error);
    if (failed === undefined) throw error;
    return { failed };
  }
}

async function waitUntil({ mustPark, label }: Asking, until: number, why: string): Promise<void> {
  const ms = until - Date.now();
  if (ms <= 0) return;
  await condition(mustPark, ms, { summary: `${label}: ${formatDuration(ms)}, ${why}`.slice(0, 200) });
}

/** Policies and budgets say the same in every call, and of a long wait so does every look. */
function tellingOnce(tell: (line: ModelLine) => void): (line: ModelLine) => void {
  const told = new Set<string>();
  return (line) => {
    if (REPEATED.has(line.what) && told.has(line.text)) return;
    told.add(line.text);
    tell(line);
  };
}

const REPEATED: ReadonlySet<ModelLine['what']> = new Set(['policy.found', 'budget.local', 'model.waits']);
