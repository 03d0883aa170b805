import type { FastifyRequest } from 'fastify';
import { TASK_ID_PATTERN, ownedBy } from '../../../contracts/tasks/names';
import type { TaskReport } from '../../doors/tasks/task-report';
import { ApiError } from '../errors';
import { answering } from './answering';
import type { WithId } from './read-query';
import type { TaskApiPorts } from './task-ports';

/** A task of the caller's team whose id begins so. Fails: ApiError 404. */
export async function findTask(
  ports: TaskApiPorts,
  { params, caller }: FastifyRequest<WithId>,
  prefix = '',
): Promise<TaskReport> {
  const task = ownedBy(caller.team, params.id);
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
export async function cancelTask(
  ports: TaskApiPorts,
  request: FastifyRequest<WithId>,
  prefix = '',
): Promise<TaskReport> {
  const { task } = await findTask(ports, request, prefix);
  const refused = await answering(() => ports.door.cancel(task, request.caller.name));
  const now = await findTask(ports, request);
  if (refused === undefined) return now;
  throw new ApiError(409, {
    message: `The task is ${now.view.status} and cannot be cancelled.`,
    type: 'invalid_request_error',
    code: 'task_ended',
  });
}
