import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { hasEnded } from '../../../contracts/tasks/view';
import type { TaskReport } from '../../doors/tasks/task-report';
import { ApiError } from '../errors';
import { showTask } from './show-task';
import type { TaskApiPorts } from './task-ports';

/** What came of a task: see docs/models.md for the status codes. */
export async function answerResult(ports: TaskApiPorts, report: TaskReport, reply: FastifyReply): Promise<unknown> {
  const { view, order } = report;
  if (!hasEnded(view.status)) return reply.code(202).send(showTask(report));
  if (view.status === 'expired')
    return reply
      .code(410)
      .headers(FINAL)
      .send(withError(report, expired(report)));
  if (order.kind === 'one') return answerOne(ports, report, reply);
  if (view.status === 'failed')
    return reply
      .code(409)
      .headers(FINAL)
      .send(withError(report, taskFailed(report)));
  return answerMany(ports, report, reply);
}

/** Clients of OpenAI would try a 409 again. */
const FINAL = { 'x-should-retry': 'false' };

/** The completion itself, as if it had been asked for directly. */
async function answerOne({ store }: TaskApiPorts, report: TaskReport, reply: FastifyReply): Promise<unknown> {
  const record = await store.calls.latestOfFirst(report.task);
  if (record?.outcome === 'answered') return reply.code(200).send(record.body);
  const error = record?.error.body.error ?? taskFailed(report).body;
  return reply
    .code(409)
    .headers(FINAL)
    .send({ ...showTask(report), error });
}

/** A line for each request: answers first, then errors. */
async function answerMany(ports: TaskApiPorts, { task, view }: TaskReport, reply: FastifyReply): Promise<unknown> {
  const ids = [view.outcome?.output, view.outcome?.errors].filter((id) => id !== undefined);
  const files = await Promise.all(ids.map((id) => ports.files.get({ ...task, id })));
  const contents = files.flatMap((file) => file?.content ?? []);
  if (contents.length < ids.length) throw gone();
  const streams = await Promise.all(contents.map((content) => ports.artifacts.openText(content)));
  const all = async function* (): AsyncGenerator<Buffer> {
    for (const stream of streams) yield* stream as AsyncIterable<Buffer>;
  };
  return reply.code(200).type('application/jsonl').send(Readable.from(all()));
}

function withError(report: TaskReport, { body }: ApiError) {
  return { ...showTask(report), error: body };
}

function expired({ view }: TaskReport): ApiError {
  const { completed, total } = view.counts;
  const message = `The task expired with ${completed} of ${total} requests answered. What was answered is in output_file_id.`;
  return new ApiError(410, { message, type: 'task_expired', code: 'task_expired' });
}

function taskFailed({ view }: TaskReport): ApiError {
  const { status, outcome } = view;
  const message = outcome?.failure?.message ?? `The task is ${status}; there is no answer.`;
  return new ApiError(409, { message, type: `task_${status}`, code: `task_${status}` });
}

function gone(): ApiError {
  return new ApiError(410, {
    message: 'The answers of this task were deleted.',
    type: 'invalid_request_error',
    code: 'file_deleted',
  });
}
