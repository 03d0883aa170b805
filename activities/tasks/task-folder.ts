import { join } from 'node:path';
import { TASK_ID_PATTERN, teamFolder, type Owned } from '../../contracts/tasks/names';
import { fileName } from '../host';

/** Where all of a task is, below the directory of all tasks. No id leads out of it, whatever it holds. */
export function taskFolder(root: string, { team, id }: Owned): string {
  return join(root, teamFolder(team), TASK_ID_PATTERN.test(id) ? id : fileName(id));
}

/** Where the requests of a task are, in its folder. */
export const REQUESTS = 'requests';

/** Where what came of its calls is, in its folder. */
export const CALLS = 'calls';

/** What the names of folders begin with whose tasks are not kept yet. No team is called so. */
export const DRAFT = 'draft-';
