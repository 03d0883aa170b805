import type { JsonObject } from '../../contracts/json';
import type { NanoDollars } from '../../contracts/money';
import type { RouteRequest } from '../../contracts/models';
import type { ItemFailure } from '../../contracts/tasks/activities';
import type { OpenAiError } from '../../contracts/tasks/openai-error';
import type { TaskSpending } from '../../contracts/tasks/spending';

// What is kept of tasks in a home. All of it is written as JSON, and read by workers of later versions too.

/** What all requests of a task come to. */
export interface KeptTask {
  readonly total: number;
  /** SHA-256 of what was asked for. */
  readonly digest: string;
}

/** One request of a task, as it was ordered. */
export interface TaskRequest {
  readonly custom_id: string;
  readonly body: JsonObject;
  /** What routing has to know of it. */
  readonly route: Pick<RouteRequest, 'model' | 'inputTokens' | 'maxOutputTokens'>;
}

/** One call for one request: requests are counted from 0, the calls for each from 1. */
export interface CallKey {
  readonly index: number;
  readonly call: number;
}

/** What came of one call for one request. */
export type CallRecord = {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly spent: TaskSpending;
} & (
  | { readonly outcome: 'answered'; readonly body: JsonObject; readonly requestId?: string }
  | { readonly outcome: 'failed'; readonly error: OpenAiError; readonly failure: Omit<ItemFailure, 'index'> }
);

export type AnsweredRecord = Extract<CallRecord, { outcome: 'answered' }>;

/** What an attempt left behind that was about to call: whether it did, and what it cost, nobody knows. */
export interface CallMark {
  readonly estimateNano: NanoDollars;
}
