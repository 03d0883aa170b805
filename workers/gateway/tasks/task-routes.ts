import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TaskReport } from '../../doors/tasks/task-report';
import { badRequest } from '../errors';
import { TASK_ID } from '../served-elsewhere';
import { wordsOf } from '../words';
import { answerResult } from './answer-result';
import { cancelTask, findTask } from './find-task';
import { readJson, streamOf } from './read-body';
import { readLines } from './read-lines';
import { lifeOf, type WithId } from './read-query';
import { RequestReader, type Given } from './read-requests';
import { showStatus, showTask } from './show-task';
import { idempotencyKeyOf } from './idempotency-key';
import { submit } from './submit';
import type { TaskApiPorts } from './task-ports';

/** Batches in one request, and how tasks of either kind stand. */
export function addTasks(app: FastifyInstance, ports: TaskApiPorts): void {
  app.post('/v1/chat/completions/batch', async (request, reply) => {
    const report = await submitMany(ports, request);
    return reply.code(202).header(TASK_ID, report.task.id).send(showTask(report));
  });
  app.get<WithId>('/v1/tasks/:id', async (request) => showTask(await findTask(ports, request)));
  app.get<WithId>('/v1/tasks/:id/status', async (request) => showStatus(await findTask(ports, request)));
  app.get<WithId>('/v1/tasks/:id/result', async (request, reply) => {
    return answerResult(ports, await findTask(ports, request), reply);
  });
  const end = async (request: FastifyRequest<WithId>, reply: FastifyReply): Promise<FastifyReply> => {
    const report = await cancelTask(ports, request);
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
