import { toDollars } from '../../../contracts/money';
import type { TaskReport } from '../../doors/tasks/task-report';
import { ENDPOINT } from './read-requests';

/** Seconds, as OpenAI has it. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** A task as its client reads it. */
export function showTask({ task, order, view }: TaskReport) {
  const { times, outcome, spent } = view;
  const url = `/v1/tasks/${task.id}`;
  return {
    id: task.id,
    object: 'task',
    status: view.status,
    request_counts: view.counts,
    created_at: seconds(order.createdAt),
    in_progress_at: at(times.inProgressAt),
    ended_at: at(times.endedAt),
    expires_at: seconds(order.expiresAt),
    usage: usageOf(view),
    cost_usd: toDollars(spent.costNano),
    /** Of it, for calls that nobody knows the price of: their worker was lost, and their estimate counts. */
    unconfirmed_cost_usd: toDollars(spent.unconfirmedNano),
    /** Answers of models whose price nobody knows; they are not in the cost. */
    unpriced_answers: spent.unpriced,
    output_file_id: outcome?.output ?? null,
    error_file_id: outcome?.errors ?? null,
    error: failureOf(view) ?? null,
    urls: { status: `${url}/status`, result: `${url}/result`, cancel: `${url}/cancel` },
  };
}

/** The short form: how far it is. */
export function showStatus(report: TaskReport) {
  const { id, object, status, request_counts, created_at, expires_at, cost_usd, unconfirmed_cost_usd } =
    showTask(report);
  return { id, object, status, request_counts, created_at, expires_at, cost_usd, unconfirmed_cost_usd };
}

/** A batch, field by field as OpenAI has it. */
export function showBatch({ task, order, view }: TaskReport) {
  const { times, outcome, status } = view;
  const failure = failureOf(view);
  const endedAs = (word: typeof status): number | null => (status === word ? at(times.endedAt) : null);
  return {
    id: task.id,
    object: 'batch',
    endpoint: ENDPOINT,
    errors: failure === undefined ? null : { object: 'list', data: [{ ...failure, param: null, line: null }] },
    input_file_id: order.inputFile ?? null,
    completion_window: order.window ?? '24h',
    status,
    output_file_id: outcome?.output ?? null,
    error_file_id: outcome?.errors ?? null,
    created_at: seconds(order.createdAt),
    in_progress_at: at(times.inProgressAt),
    expires_at: seconds(order.expiresAt),
    finalizing_at: at(times.finalizingAt),
    completed_at: endedAs('completed'),
    failed_at: endedAs('failed'),
    expired_at: endedAs('expired'),
    cancelling_at: at(times.cancellingAt),
    cancelled_at: endedAs('cancelled'),
    request_counts: view.counts,
    usage: {
      ...usageOf(view),
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
    metadata: order.metadata ?? null,
  };
}

function usageOf({ spent: { inputTokens, outputTokens } }: TaskReport['view']) {
  return { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

function failureOf({ outcome }: TaskReport['view']): { readonly code: string; readonly message: string } | undefined {
  return outcome?.failure && { code: outcome.failure.type, message: outcome.failure.message };
}

function at(ms: number | undefined): number | null {
  return ms === undefined ? null : seconds(ms);
}
