import { createHash, randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { BudgetScope } from '../../../contracts/budgets';
import type { Owned } from '../../../contracts/tasks/names';
import { TASK_LIFE_MS, type TaskOrder } from '../../../contracts/tasks/order';
import type { TaskInput } from '../../../contracts/tasks/task';
import type { TaskRequest } from '../../../activities/tasks/task-records';
import { ApiError } from '../errors';
import type { Caller } from '../keys';
import { answering, perhapsBegun } from './answering';
import { viewOfNew, type TaskReport } from './task-door';
import { TASK_API_LIMITS, type TaskApiPorts } from './task-ports';

/** A task as it is ordered. */
export interface Order {
  readonly prefix: 'task' | 'batch';
  readonly caller: Caller;
  /** The same key is the same task. */
  readonly idempotencyKey?: string;
  readonly kind: TaskOrder['kind'];
  readonly requests: AsyncIterable<TaskRequest>;
  /** Known when all requests are read. */
  readonly total: () => number;
  readonly digest: () => string;
  readonly lifeMs?: number;
  /** Words of headers, for routing. */
  readonly task: string | undefined;
  readonly project: string | undefined;
  readonly more?: Pick<TaskOrder, 'inputFile' | 'metadata' | 'window'>;
}

/** Requests of one activity at most: few enough that little is asked twice when a worker dies, and ends soon. */
const MOST_IN_PORTION = 10;
/** So that each of those in flight has several turns, and the last of them does not keep all others waiting. */
const TURNS = 4;

/** Keep the requests and start the task; or find the one that was started under the same key. */
export async function submit(ports: TaskApiPorts, order: Order): Promise<TaskReport> {
  const task = { ...teamOf(order.caller), id: idOf(order) };
  const kept = await ports.store.keep(task, order.requests, () => ({ total: order.total(), digest: order.digest() }));
  if (kept.digest !== order.digest()) throw otherOrder();
  const createdAt = Date.now();
  const expiresAt = createdAt + (order.lifeMs ?? TASK_LIFE_MS);
  const { kind, more, caller } = order;
  const told: TaskOrder = { kind, createdAt, expiresAt, ...kept, by: caller.name, ...more };
  const limits = { ...TASK_API_LIMITS, ...ports.limits };
  return answering(
    async () => {
      const isNew = await ports.door.start(
        {
          ...{ task, total: kept.total, ...sharesOf(kept.total, limits.parallel) },
          ...{ expiresAt, timeoutMs: limits.callMs, request: requestOf(order), scope: scopeOf(caller) },
          files: kind === 'many',
        },
        told,
      );
      if (isNew) return { task, order: told, view: viewOfNew(told) };
      const report = await ports.door.look(task);
      if (report === undefined) throw new Error(`${task.id} was started and is not there`);
      if (report.order.digest !== kept.digest) throw otherOrder();
      return report;
    },
    order.idempotencyKey === undefined ? perhapsBegun(task.id) : undefined,
  );
}

/** How a task of so many requests is taken in pieces. */
export function sharesOf(total: number, parallel: number): Pick<TaskInput, 'portion' | 'parallel' | 'tapers'> {
  return {
    portion: Math.max(1, Math.min(MOST_IN_PORTION, Math.floor(total / (parallel * TURNS)))),
    parallel,
    tapers: true,
  };
}

export function teamOf({ team }: Caller): Pick<Owned, 'team'> {
  return team === undefined ? {} : { team };
}

/** The key of a header, which is the same for every try of a request. Fails: ApiError 400. */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || key === '') return undefined;
  if (typeof key === 'string' && key.length <= 255) return key;
  throw new ApiError(400, {
    message: 'The header Idempotency-Key must be a text of 255 characters at most.',
    type: 'invalid_request_error',
    code: 'invalid_idempotency_key',
  });
}

/** Each holder of a key has idempotency keys of its own. */
function idOf({ prefix, idempotencyKey, caller }: Order): string {
  if (idempotencyKey === undefined) return `${prefix}_${randomBytes(16).toString('hex')}`;
  const hash = createHash('sha256').update(JSON.stringify([prefix, caller.name, idempotencyKey]));
  return `${prefix}_${hash.digest('hex').slice(0, 32)}`;
}

function requestOf({ task, project, caller: { models } }: Order) {
  return {
    ...(task !== undefined && { task }),
    ...(project !== undefined && { project }),
    ...(models !== undefined && { allowed: models }),
  };
}

function scopeOf({ team, job }: Caller): BudgetScope {
  return { ...(team !== undefined && { team }), ...(job !== undefined && { job }) };
}

function otherOrder(): ApiError {
  return new ApiError(409, {
    message: 'This Idempotency-Key was used for another request. Send the same body again, or another key.',
    type: 'idempotency_error',
    code: 'idempotency_key_reused',
  });
}
