import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TASK_ID_PATTERN } from '../../../contracts/tasks/names';
import { ApiError, badRequest } from '../errors';
import { TASK_ID } from '../served-elsewhere';
import { wordsOf } from '../words';
import { answerResult } from './answer-result';
import { answering } from './answering';
import { lifeOf, readJson, streamOf } from './read-body';
import { readLines } from './read-lines';
import { RequestReader, type Given } from './read-requests';
import { showStatus, showTask } from './show-task';
import { idempotencyKeyOf, submit, teamOf } from './submit';
import type { TaskReport } from './task-door';
import type { TaskApiPorts } from './task-ports';

type WithId = { readonly Params: { readonly id: string } };

/** Batches in one request, and how tasks of either kind stand. */
export function addTasks(app: FastifyInstance, ports: TaskApiPorts): void {
  app.post('/v1/chat/completions/batch', async (request, reply) => {
    const report = await submitMany(ports, request);
    return reply.code(202).header(TASK_ID, report.task.id).send(showTask(report));
  });
  app.get<WithId>('/v1/tasks/:id', async (request) => showTask(await find(ports, request)));
  app.get<WithId>('/v1/tasks/:id/status', async (request) => showStatus(await find(ports, request)));
  app.get<WithId>('/v1/tasks/:id/result', async (request, reply) => {
    return answerResult(ports, await find(ports, request), reply);
  });
  const end = async (request: FastifyRequest<WithId>, reply: FastifyReply): Promise<FastifyReply> => {
    const report = await cancel(ports, request);
    return reply.header(TASK_ID, report.task.id).send(showTask(report));
  };
  app.post<WithId>('/v1/tasks/:id/cancel', end);
  app.delete<WithId>('/v1/tasks/:id', end);
}

async function submitMany(ports: TaskApiPorts, request: FastifyRequest): Promise<TaskReport> {
  const reader = new RequestReader((model) => ports.catalogue.demand(request.caller, model));
  const idempotencyKey = idempotencyKeyOf(request);
  return submit(ports, {
    ...{ prefix: 'task', kind: 'many', caller: request.caller },
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    requests: reader.read(await givenIn(request)),
    total: () => reader.total,
    digest: () => reader.digest,
    ...lifeOf(request),
    ...wordsOf(request),
  });
}

/** JSON with a list of requests, or JSONL with one in each line. */
async function givenIn(request: FastifyRequest): Promise<AsyncIterable<Given> | readonly Given[]> {
  const type = request.headers['content-type'] ?? '';
  if (/jsonl|ndjson|json-lines|text\/plain/.test(type)) return readLines(streamOf(request));
  const { requests } = await readJson(request);
  if (!Array.isArray(requests)) {
    throw badRequest('`requests` must be a list of {custom_id, body}. JSONL comes as application/jsonl.', 'requests');
  }
  return requests.map((value: unknown, index) => ({ where: `requests[${index}]`, value }));
}

/** A task of the caller's team whose id begins so. Fails: ApiError 404. */
export async function find(
  ports: TaskApiPorts,
  { params, caller }: FastifyRequest<WithId>,
  prefix = '',
): Promise<TaskReport> {
  const task = { ...teamOf(caller), id: params.id };
  const report =
    TASK_ID_PATTERN.test(task.id) && task.id.startsWith(prefix)
      ? await answering(() => ports.door.look(task))
      : undefined;
  if (report !== undefined) return report;
  throw new ApiError(404, {
    message: `There is no task "${params.id}": it never was, it is another team's, or it ended long ago.`,
    type: 'invalid_request_error',
    param: 'id',
    code: 'task_not_found',
  });
}

/** Fails: ApiError 404, and 409 where it has ended. */
export async function cancel(ports: TaskApiPorts, request: FastifyRequest<WithId>, prefix = ''): Promise<TaskReport> {
  const { task } = await find(ports, request, prefix);
  const refused = await answering(() => ports.door.cancel(task, request.caller.name));
  const now = await find(ports, request);
  if (refused === undefined) return now;
  throw new ApiError(409, {
    message: `The task is ${now.view.status} and cannot be cancelled.`,
    type: 'invalid_request_error',
    code: 'task_ended',
  });
}
