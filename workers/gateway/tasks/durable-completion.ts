import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { hasEnded } from '../../../contracts/tasks/view';
import type { TaskRequest } from '../../../activities/tasks/task-records';
import type { JsonObject } from '../../../contracts/json';
import type { TaskReport } from '../../doors/tasks/task-report';
import { ApiError } from '../errors';
import { TASK_ID } from '../served-elsewhere';
import { wordsOf } from '../words';
import { answering } from './answering';
import { awaitAnswer } from './await-answer';
import { idempotencyKeyOf } from './idempotency-key';
import { lifeOf } from './read-query';
import { readCompletion } from './read-requests';
import { submit } from './submit';
import { TASK_API_LIMITS, type TaskApiPorts } from './task-ports';

/** What the same Idempotency-Key always answers. */
export interface DurableAnswer {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

/** A single completion as a task. `request.body`: the bytes of its JSON. Fails: ApiError. */
export async function submitOne(ports: TaskApiPorts, request: FastifyRequest): Promise<TaskReport> {
  const completion = readCompletion(request.body);
  const digest = createHash('sha256').update(JSON.stringify(completion.body)).digest('hex');
  const idempotencyKey = idempotencyKeyOf(request);
  return submit(ports, {
    ...{ prefix: 'task', kind: 'one', caller: request.caller },
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    requests: one({ custom_id: 'request', ...completion }),
    total: () => 1,
    digest: () => digest,
    ...lifeOf(request),
    ...wordsOf(request),
  });
}

/**
 * A completion that is made once for each Idempotency-Key, whatever dies meanwhile: the same key and body give the same
 * answer, another body is refused. Fails: ApiError, also 504 where it takes too long; it goes on, and asking again with
 * the same key waits for it.
 */
export async function durableCompletion(
  ports: TaskApiPorts,
  request: FastifyRequest,
  signal: AbortSignal,
): Promise<DurableAnswer> {
  const submitted = await submitOne(ports, request);
  const { waitMs } = { ...TASK_API_LIMITS, ...ports.limits };
  const until = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  const headers = { [TASK_ID]: submitted.task.id };
  const came = await awaitAnswer(ports, submitted.task, until);
  if (came !== undefined && 'record' in came) return { status: 200, body: came.record.body, headers };
  const report = came === undefined ? await lookAgain(ports, submitted) : { ...submitted, view: came.view };
  if (!hasEnded(report.view.status)) throw stillAtWork(report, waitMs);
  const record = await ports.store.calls.latestOfFirst(report.task);
  if (record?.outcome === 'answered') return { status: 200, body: record.body, headers };
  if (record === undefined) throw withoutAnswer(report);
  // Final: the key stands for this failure now.
  const body = { error: { ...record.error.body.error } };
  return { status: record.error.status, body, headers: { ...headers, 'x-should-retry': 'false' } };
}

async function lookAgain(ports: TaskApiPorts, submitted: TaskReport): Promise<TaskReport> {
  return (await answering(() => ports.door.look(submitted.task))) ?? submitted;
}

async function* one(request: TaskRequest): AsyncGenerator<TaskRequest> {
  yield await Promise.resolve(request);
}

function stillAtWork({ task }: TaskReport, waitMs: number): ApiError {
  const message = `No answer within ${Math.round(waitMs / 1_000)} s. ${task.id} goes on: ask again with the same Idempotency-Key.`;
  return new ApiError(504, { message, type: 'timeout', code: 'timeout' }, { retryAt: Date.now() + 1_000 });
}

function withoutAnswer({ task, view }: TaskReport): ApiError {
  const message = view.outcome?.failure?.message ?? `${task.id} is ${view.status} and has no answer.`;
  return new ApiError(409, { message, type: `task_${view.status}`, code: `task_${view.status}` });
}
