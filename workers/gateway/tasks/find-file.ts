import type { FileRecord } from '../../../activities/tasks/file-store';
import { ownedBy } from '../../../contracts/tasks/names';
import { ApiError } from '../errors';
import type { TaskApiPorts } from './task-ports';

/** A file of the caller's team. Fails: ApiError 404. */
export async function findFile(ports: TaskApiPorts, team: string | undefined, id: string): Promise<FileRecord> {
  const file = await ports.files.get(ownedBy(team, id));
  if (file !== undefined) return file;
  throw new ApiError(404, {
    message: `There is no file "${id}": it never was, it was deleted, or it is another team's.`,
    type: 'invalid_request_error',
    param: 'id',
    code: 'file_not_found',
  });
}
