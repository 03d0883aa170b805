import { readdir } from 'node:fs/promises';
import { isCode } from './whole-file';

/** The names of what is in a directory, in no order; none where there is no such directory. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}
