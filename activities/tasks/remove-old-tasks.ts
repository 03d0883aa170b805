import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '../files/names-in';
import { isCode, modifiedAt } from '../files/whole-file';
import { CALLS, DRAFT } from './task-folder';
import type { TaskStore } from './task-store';

/**
 * Remove the tasks that nobody has written to since a time, and drafts that nobody finished.
 * @param since Epoch milliseconds.
 * @returns How many that were.
 */
export async function removeOldTasks({ root }: TaskStore, since: number): Promise<number> {
  let removed = 0;
  for (const folder of await allFolders(root)) {
    if ((await lastTouched(folder)) >= since) continue;
    await rm(folder, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

async function allFolders(root: string): Promise<readonly string[]> {
  const each = (await namesIn(root)).map(async (name) => {
    const path = join(root, name);
    return name.startsWith(DRAFT) ? [path] : (await within(path)).map((id) => join(path, id));
  });
  return (await Promise.all(each)).flat();
}

/** Calls are written one directory down, which the times of the folder itself do not tell. */
async function lastTouched(folder: string): Promise<number> {
  const calls = (await within(join(folder, CALLS))).map((name) => join(folder, CALLS, name));
  return Math.max(...(await Promise.all([folder, ...calls].map(modifiedAt))));
}

/** Files that somebody else put there hold nothing, and are no reason to keep what is old. */
async function within(folder: string): Promise<readonly string[]> {
  return namesIn(folder).catch((error: unknown) => {
    if (isCode(error, 'ENOTDIR')) return [];
    throw error;
  });
}
