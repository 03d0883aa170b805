import { ApplicationFailure } from '@temporalio/common';
import type { ErrorType } from '../../contracts/errors';
import {
  candidateKey,
  type ModelFailure,
  type RankedCandidate,
  type RejectedAnswer,
  type Route,
  type RouteSummary,
} from '../../contracts/models';
import type { NanoDollars } from '../../contracts/money';
import { retryAtOf } from '../../contracts/routing/tell';
import { failure } from '../failure';
import type { CallFailed, NobodyAvailable } from './client/model-client';

/** What a failure says beside the call itself. */
export type Paid = Pick<ModelFailure, 'slice' | 'countedNano'>;

/** A failed call as the workflow is to see it: final for Temporal, because the workflow alone counts calls. */
export function modelFailure(type: ErrorType, message: string, details: ModelFailure): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [details] });
}

/** @param ahead The route as it is with the failed call known. */
export function callFailure(error: CallFailed, ahead: Route, paid: Paid): ApplicationFailure {
  const { trial, candidate, route, failover } = error;
  const may = failover || !trial.final;
  const next = may ? ahead.candidates[0] : undefined;
  const retryAt = may && next === undefined ? retryAtOf(ahead.rejected) : undefined;
  return modelFailure(trial.lastType, trial.message, {
    trial,
    goesOn: next !== undefined || retryAt !== undefined,
    ...(next === undefined ? {} : { next: { provider: next.provider, model: next.model } }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...chosenBy(route, candidate, error.overBudget),
    rejected: may ? ahead.rejected : [],
    findings: route.findings,
    ...withCounted(paid, error.countedNano),
  });
}

/** What counts for a call that failed, beside what does for one that was lost before it. */
function withCounted(paid: Paid, countedNano: NanoDollars | undefined): Paid {
  return countedNano === undefined ? paid : { ...paid, countedNano: (paid.countedNano ?? 0) + countedNano };
}

/** Nobody was asked. */
export function nobodyFailure(error: NobodyAvailable, paid: Paid): ApplicationFailure {
  const { type, message, retryAt, rejected, route } = error;
  const next = type === 'Budget.Exhausted' && retryAt !== undefined ? RAISE : (NEXT[type] ?? '');
  return modelFailure(type, `${message}${next}`, {
    goesOn: retryAt !== undefined,
    ...(retryAt === undefined ? {} : { retryAt }),
    rejected,
    findings: route.findings,
    ...paid,
  });
}

const NEXT: Partial<Record<ErrorType, string>> = {
  'Provider.None':
    ' Name providers in gantry.config.yaml, set ANTHROPIC_API_KEY, OPENAI_API_KEY or GANTRY_OPENAI_COMPATIBLE, or start ' +
    'Ollama; then restart the worker, and ask again or resume the run.',
  'Policy.Denied': ' Change the policy or the model that is asked for, then ask again, or resume the run.',
  'Budget.Exhausted':
    ' Give more with `gantry budget set`, or to a run with `gantry resume RUN --budget`; then ask again, or resume the run.',
};

/** Where a window begins anew, somebody may be waiting for that already. */
const RAISE = ' Give more with `gantry budget set`: who waits for it goes on within a quarter of an hour.';

/** How soon a ledger that did not answer is asked again. */
const LEDGER_AGAIN_MS = 5_000;

/** Nothing is spent that cannot be counted: nobody was asked, and the ledger is asked again soon. */
export function ledgerFailure({ message }: Error, paid: Paid): ApplicationFailure {
  const retryAt = Date.now() + LEDGER_AGAIN_MS;
  return modelFailure('Budget.Unavailable', message, { goesOn: true, retryAt, rejected: [], findings: [], ...paid });
}

/** The answer has another shape than was asked for: its model may mend it. */
export function shapeFailure(
  answer: RejectedAnswer,
  summary: RouteSummary,
  paid: Paid & Pick<ModelFailure, 'costNano'>,
) {
  const message = `The answer of ${candidateKey(answer)} does not match the stage's output: ${answer.issues}. The model is told when it is asked again.`;
  return modelFailure('Stage.OutputInvalid', message, {
    goesOn: true,
    next: { provider: answer.provider, model: answer.model },
    answer,
    ...summary,
    rejected: [],
    ...paid,
  });
}

/** A defect of ours after a call that may have cost something: trying again would pay again. */
export function defect(error: unknown): unknown {
  if (error instanceof ApplicationFailure) return error;
  return failure('Run.Broken', `The call of a model broke: ${error instanceof Error ? error.message : String(error)}`);
}

export function summaryOf(route: Route, candidate: RankedCandidate, overBudget: string | undefined): RouteSummary {
  const { findings, rejected } = route;
  return { findings, rejected, ...chosenBy(route, candidate, overBudget) };
}

function chosenBy(route: Route, { reasons }: RankedCandidate, overBudget: string | undefined) {
  const { by, experiment } = route;
  return {
    ...{ by, reasons },
    ...(experiment === undefined ? {} : { experiment }),
    ...(overBudget === undefined ? {} : { overBudget }),
  };
}
