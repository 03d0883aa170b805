import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Owned } from '../../contracts/tasks/names';
import { isCode } from '../files/whole-file';
import { CallFiles, FIRST_CALLS } from './call-files';
import { RequestFiles, writeRequests } from './request-files';
import { DRAFT, REQUESTS, taskFolder } from './task-folder';
import type { KeptTask, TaskRequest } from './task-records';

/** What all requests of a task come to, in its folder. */
const ABOUT = 'about.json';

/**
 * The requests of tasks and what came of them, below a directory that all workers of a home see. What is written is
 * there whole or not at all, and never changes.
 */
export class TaskStore {
  readonly requests: RequestFiles;
  readonly calls: CallFiles;

  /** @param root The directory of all tasks; it is made with the first of them. */
  constructor(readonly root: string) {
    this.requests = new RequestFiles(root);
    this.calls = new CallFiles(root);
  }

  /**
   * Keep the requests of a new task: all of them, or none. Where a task of that id is kept already, it stays as it is.
   * @param about Asked when all requests are read.
   * @returns What is known of the task that is kept.
   */
  async keep(task: Owned, requests: AsyncIterable<TaskRequest>, about: () => KeptTask): Promise<KeptTask> {
    const draft = join(this.root, `${DRAFT}${randomUUID()}`);
    const folder = taskFolder(this.root, task);
    await mkdir(join(draft, REQUESTS), { recursive: true, mode: 0o700 });
    // There from the beginning: an answer can be waited for where it will be.
    await mkdir(join(draft, FIRST_CALLS), { recursive: true, mode: 0o700 });
    try {
      await writeRequests(join(draft, REQUESTS), requests);
      const kept = about();
      await writeFile(join(draft, ABOUT), JSON.stringify(kept), { mode: 0o600 });
      await moveTo(folder, draft);
      return kept;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (!isCode(error, 'ENOTEMPTY') && !isCode(error, 'EEXIST')) throw error;
      return JSON.parse(await readFile(join(folder, ABOUT), 'utf8')) as KeptTask;
    }
  }
}

/** Fails with ENOTEMPTY or EEXIST where the folder is there. */
async function moveTo(folder: string, draft: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    await rename(draft, folder);
  }
}
