import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { badRequest } from '../errors';
import { isObject, readJsonObject } from '../json';
import { TASK_ID } from '../served-elsewhere';
import { answering } from './answering';
import { addBatches } from './batch-routes';
import { durableCompletion, submitOne } from './durable-completion';
import { addFiles } from './file-routes';
import { idempotencyKeyOf } from './idempotency-key';
import { takeStreams } from './read-body';
import { ENDPOINT } from './read-requests';
import { seconds, showTask } from './show-task';
import type { TaskApiPorts } from './task-ports';
import { addTasks } from './task-routes';

/**
 * Tasks, files and batches, and `?batch=true` of the chat door. To be added before the chat door itself; who asks is in
 * `request.caller`.
 */
export async function registerTasks(app: FastifyInstance, ports: TaskApiPorts): Promise<void> {
  beforeChat(app, async (request, reply) => {
    if (!wantsTask(request)) return;
    const report = await submitOne(ports, request);
    await reply.code(202).header(TASK_ID, report.task.id).send(showTask(report));
  });
  app.get('/v1/workers/health', async () => {
    const workers = await answering(() => ports.door.workers());
    const data = workers.map(({ identity, seenAt }) => ({
      ...{ id: identity, object: 'worker.health', last_seen_at: seconds(seenAt) },
    }));
    return { object: 'list', data };
  });
  await app.register(async (long) => {
    takeStreams(long);
    addTasks(long, ports);
    addBatches(long, ports);
    await addFiles(long, ports);
  });
}

/** Plain completions with an Idempotency-Key are made durably. To be added before the chat door itself. */
export function registerDurable(app: FastifyInstance, ports: TaskApiPorts): void {
  beforeChat(app, async (request, reply) => {
    if (reply.sent || idempotencyKeyOf(request) === undefined || wantsStream(request)) return;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const { status, headers, body } = await durableCompletion(ports, request, gone.signal);
    await reply.code(status).headers(headers).send(body);
  });
}

/** Fails: ApiError 400 for words that may mean yes or no: whoever wants a task must not wait for an answer instead. */
function wantsTask({ query }: FastifyRequest): boolean {
  const batch = isObject(query) ? query['batch'] : undefined;
  if (batch === undefined || batch === 'false') return false;
  if (batch === 'true') return true;
  throw badRequest('`batch` must be true or false.', 'batch');
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

function beforeChat(app: FastifyInstance, hook: Hook): void {
  app.addHook('preHandler', async (request, reply) => {
    if (request.method === 'POST' && request.routeOptions.url === ENDPOINT) await hook(request, reply);
  });
}

/** A stream cannot be made again: it is served as any other. What cannot be read is refused by whoever reads it next. */
function wantsStream({ body }: FastifyRequest): boolean {
  try {
    const { stream } = readJsonObject(body).body;
    return stream === true;
  } catch {
    return true;
  }
}
