import type { ApplicationFailure } from '@temporalio/common';
import { isErrorType } from '../../contracts/errors';
import type { JsonObject } from '../../contracts/json';
import type { ModelFailure } from '../../contracts/models';
import { openAiErrorOf, type OwnWords } from '../../contracts/tasks/openai-error';
import type { TaskSpending } from '../../contracts/tasks/spending';
import type { Attempt, CallFailed } from '../models/client/model-client';
import type { WholeAnswer } from '../providers/model-provider';
import { ProviderFailure } from '../providers/provider-failure';
import type { CallRecord } from './task-records';

type Redact = (text: string) => string;

/** An answer as it is kept, without known secrets. */
export function answeredRecord({ value, usage, costNano }: Attempt<WholeAnswer>, redact: Redact): CallRecord {
  const body = JSON.parse(redact(JSON.stringify(value.body))) as JsonObject;
  return {
    at: Date.now(),
    outcome: 'answered',
    body,
    ...(value.requestId !== undefined && { requestId: value.requestId }),
    spent: {
      ...{ costNano: costNano ?? 0, unconfirmedNano: 0, unpriced: costNano === undefined ? 1 : 0 },
      ...{ inputTokens: usage.input, outputTokens: usage.output },
    },
  };
}

/** A failure as it is kept: for clients in OpenAI's words, or in `own`; for the task with what it may do next. */
export function failedRecord(failure: ApplicationFailure, spent: TaskSpending, own: OwnWords): CallRecord {
  const { trial, goesOn, next, retryAt } = detailsOf(failure);
  const told = { goesOn, ...(trial && { trial }), ...(next && { next }), ...(retryAt !== undefined && { retryAt }) };
  const type = isErrorType(failure.type) ? failure.type : 'Run.Broken';
  return {
    at: Date.now(),
    outcome: 'failed',
    error: openAiErrorOf(type, failure.message, own),
    failure: { type, told },
    spent,
  };
}

/** What is wrong with a request its provider says best: clients read the code, and which field it is. */
export function ownWordsOf({ cause, trial, failover }: CallFailed, redact: Redact): OwnWords {
  const isOfRequest = trial.lastType === 'Provider.Request' || trial.lastType === 'Provider.Policy';
  if (!isOfRequest || !(cause instanceof ProviderFailure)) return {};
  const { status = 0, message, code, error } = cause.facts;
  const param = error?.['param'];
  return {
    // What others could have taken is told with what to do about it.
    ...(!failover && { message: redact(message) }),
    ...(status >= 400 && status < 500 && !failover && { status }),
    ...(typeof param === 'string' && { param }),
    ...(code !== undefined && { code }),
  };
}

function detailsOf(failure: ApplicationFailure): ModelFailure {
  return (failure.details?.[0] ?? { goesOn: false, rejected: [], findings: [] }) as ModelFailure;
}
