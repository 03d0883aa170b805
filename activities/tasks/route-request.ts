import type { CompleteChatsInput } from '../../contracts/tasks/activities';
import type { ClientRequest } from '../models/client/model-client';
import type { TaskRequest } from './task-records';

/** What routing knows of a chat completion that is asked for. */
export function routeRequestOf(
  id: string,
  route: TaskRequest['route'],
  {
    request: { project, task, allowed },
    scope: { team },
    waitsUntil,
  }: Pick<CompleteChatsInput, 'request' | 'scope' | 'waitsUntil'>,
): ClientRequest {
  return {
    ...{ id, ...route },
    ...(task !== undefined && { task }),
    ...(project !== undefined && { project }),
    ...(team !== undefined && { team }),
    ...(allowed !== undefined && { allowed }),
    ...(waitsUntil !== undefined && { waitsUntil }),
  };
}
