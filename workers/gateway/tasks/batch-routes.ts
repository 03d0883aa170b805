import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseDuration } from '../../../contracts/duration';
import type { TaskReport } from '../../doors/tasks/task-report';
import { badRequest } from '../errors';
import { isObject } from '../json';
import { TASK_ID } from '../served-elsewhere';
import { wordsOf } from '../words';
import { answering } from './answering';
import { findFile } from './find-file';
import { cancelTask, findTask } from './find-task';
import { idempotencyKeyOf } from './idempotency-key';
import { readJson } from './read-body';
import { readLines } from './read-lines';
import { pageOf, type WithId } from './read-query';
import { ENDPOINT, RequestReader } from './read-requests';
import { showBatch } from './show-task';
import { submit } from './submit';
import type { TaskApiPorts } from './task-ports';

/** What ids of batches begin with: other tasks are no batches. */
const BATCHES = 'batch_';

const METADATA = { pairs: 16, key: 64, value: 512 } as const;
const LONGEST_WINDOW_MS = 7 * 86_400_000;

/** Batches as OpenAI's API has them. What is wrong with a file is said at once, and not by a batch that fails. */
export function addBatches(app: FastifyInstance, ports: TaskApiPorts): void {
  app.post('/v1/batches', async (request, reply) => {
    const report = await create(ports, request);
    return reply.header(TASK_ID, report.task.id).send(showBatch(report));
  });
  app.get('/v1/batches', async (request) => {
    const all = await answering(() => ports.door.list(request.caller.team, BATCHES));
    return pageOf(all.map(showBatch), request);
  });
  app.get<WithId>('/v1/batches/:id', async (request) => showBatch(await findTask(ports, request, BATCHES)));
  app.post<WithId>('/v1/batches/:id/cancel', async (request, reply) => {
    const report = await cancelTask(ports, request, BATCHES);
    return reply.header(TASK_ID, report.task.id).send(showBatch(report));
  });
}

async function create(ports: TaskApiPorts, request: FastifyRequest): Promise<TaskReport> {
  const body = await readJson(request);
  if (body['endpoint'] !== ENDPOINT) throw badRequest(`endpoint must be ${ENDPOINT}.`, 'endpoint', 'invalid_endpoint');
  const { completion_window: window = '24h' } = body;
  const lifeMs = typeof window === 'string' ? parseDuration(window) : undefined;
  if (typeof window !== 'string' || lifeMs === undefined || lifeMs < 1_000 || lifeMs > LONGEST_WINDOW_MS) {
    throw badRequest('completion_window must be a time from 1s to 7d, such as 24h.', 'completion_window');
  }
  const inputFile = body['input_file_id'];
  if (typeof inputFile !== 'string') throw badRequest('input_file_id must be the id of a file.', 'input_file_id');
  const file = await findFile(ports, request.caller.team, inputFile);
  const metadata = readMetadata(body['metadata']);
  const reader = new RequestReader((model) => ports.catalogue.demand(request.caller, model));
  const idempotencyKey = idempotencyKeyOf(request);
  return submit(ports, {
    ...{ prefix: 'batch', kind: 'many', caller: request.caller, lifeMs },
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    requests: reader.read(readLines(await ports.artifacts.openText(file.content))),
    total: () => reader.total,
    digest: () => reader.digest,
    more: { inputFile, window, ...(metadata && { metadata }) },
    ...wordsOf(request),
  });
}

function readMetadata(given: unknown): Readonly<Record<string, string>> | undefined {
  if (given === undefined || given === null) return undefined;
  const entries = isObject(given) ? Object.entries(given) : [];
  const fits = ([key, value]: readonly [string, unknown]): boolean =>
    key.length <= METADATA.key && typeof value === 'string' && value.length <= METADATA.value;
  if (isObject(given) && entries.length <= METADATA.pairs && entries.every(fits)) {
    return Object.fromEntries(entries) as Record<string, string>;
  }
  throw badRequest(
    `metadata holds ${METADATA.pairs} texts at most, with names of ${METADATA.key} and values of ${METADATA.value} characters at most.`,
    'metadata',
  );
}
