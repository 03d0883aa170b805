import type { JsonObject } from '../../contracts/json';
import type { FinishTaskInput } from '../../contracts/tasks/activities';
import type { OpenAiError } from '../../contracts/tasks/openai-error';
import type { CallRecord } from './task-records';
import type { TaskStore } from './task-store';

/** A line of an output or error file, as OpenAI's batches have them. */
export interface ResultLine {
  readonly kind: 'output' | 'error';
  /** Was anybody asked? */
  readonly asked: boolean;
  readonly line: {
    readonly id: string;
    readonly custom_id: string;
    readonly response: {
      readonly status_code: number;
      readonly request_id: string;
      readonly body: JsonObject | OpenAiError['body'];
    } | null;
    readonly error: { readonly code: string; readonly message: string } | null;
  };
}

const NEVER_ASKED: Readonly<Record<FinishTaskInput['because'], string>> = {
  completed: 'Nobody was asked for this request.',
  expired: 'The task expired before this request was answered.',
  cancelled: 'The task was cancelled before this request was answered.',
  failed: 'The task failed before this request was answered.',
};

/** A line for each request, in their order. */
export async function* resultLines(store: TaskStore, input: FinishTaskInput): AsyncGenerator<ResultLine> {
  const { task, total, because } = input;
  const records = store.calls.latest(task, total);
  let index = 0;
  for await (const { custom_id } of store.requests.all(task, total)) {
    const next = await records.next();
    const record = next.done === true ? undefined : next.value;
    yield lineOf(`${task.id}-${index}`, custom_id, record, because);
    index += 1;
  }
}

function lineOf(
  id: string,
  custom_id: string,
  record: CallRecord | undefined,
  because: FinishTaskInput['because'],
): ResultLine {
  const line = { id, custom_id };
  if (record === undefined) {
    const error = { code: `batch_${because}`, message: NEVER_ASKED[because] };
    return { kind: 'error', asked: false, line: { ...line, response: null, error } };
  }
  if (record.outcome === 'failed') {
    const { status, body } = record.error;
    return {
      kind: 'error',
      asked: true,
      line: { ...line, response: { status_code: status, request_id: id, body }, error: null },
    };
  }
  const response = { status_code: 200, request_id: record.requestId ?? id, body: record.body };
  return { kind: 'output', asked: true, line: { ...line, response, error: null } };
}
