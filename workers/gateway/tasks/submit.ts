import { createHash, randomBytes } from 'node:crypto';
import type { BudgetScope } from '../../../contracts/budgets';
import { ownedBy } from '../../../contracts/tasks/names';
import { TASK_LIFE_MS, type TaskOrder } from '../../../contracts/tasks/order';
import type { TaskInput } from '../../../contracts/tasks/task';
import type { TaskRequest } from '../../../activities/tasks/task-records';
import { reportOfNew, type TaskReport } from '../../doors/tasks/task-report';
import { ApiError } from '../errors';
import type { Caller } from '../keys';
import { answering, perhapsBegun } from './answering';
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
  /** Absent: a day. */
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

/**
 * Keep the requests and start the task; or find the one that was started under the same key. Fails: what reading the
 * requests fails with, ApiError 409 where the key stands for another order, 503 while there is no Temporal.
 */
export async function submit(ports: TaskApiPorts, order: Order): Promise<TaskReport> {
  const task = ownedBy(order.caller.team, idOf(order));
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
      if (isNew) return reportOfNew(task, told);
      const report = await ports.door.look(task);
      if (report === undefined) throw new Error(`${task.id} was started and is not there`);
      if (report.order.digest !== kept.digest) throw otherOrder();
      return report;
    },
    order.idempotencyKey === undefined ? perhapsBegun(task.id) : undefined,
  );
}

/** How a task of `total` requests is taken in pieces, with so many activities in flight at most. */
export function sharesOf(total: number, parallel: number): Pick<TaskInput, 'portion' | 'parallel' | 'tapers'> {
  return {
    portion: Math.max(1, Math.min(MOST_IN_PORTION, Math.floor(total / (parallel * TURNS)))),
    parallel,
    tapers: true,
  };
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
