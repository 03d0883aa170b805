import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Owned } from '../../contracts/tasks/names';
import { failure } from '../failure';
import { readIfThere } from '../files/whole-file';
import { REQUESTS, taskFolder } from './task-folder';
import type { TaskRequest } from './task-records';

/** Requests in one file: a portion reads little that is not its own, and fifty thousand are few enough files. */
const PER_FILE = 10;

/** The requests of tasks, in their order, one in each line. They never change. */
export class RequestFiles {
  constructor(private readonly root: string) {}

  /** So many requests of a task from one on. Fails, to be tried again by another worker: Artifact.Missing. */
  async some(task: Owned, from: number, count: number): Promise<readonly TaskRequest[]> {
    const first = Math.floor(from / PER_FILE);
    const last = Math.floor((from + count - 1) / PER_FILE);
    const files = Array.from({ length: last - first + 1 }, (_, offset) => this.read(task, first + offset));
    const lines = (await Promise.all(files)).flatMap((text) => text.split('\n').filter((line) => line !== ''));
    const skipped = from % PER_FILE;
    return lines.slice(skipped, skipped + count).map((line) => JSON.parse(line) as TaskRequest);
  }

  /** Fails as {@link some} does. */
  async *all(task: Owned, total: number): AsyncGenerator<TaskRequest> {
    for (let from = 0; from < total; from += PER_FILE) {
      yield* await this.some(task, from, Math.min(PER_FILE, total - from));
    }
  }

  private async read(task: Owned, file: number): Promise<string> {
    const path = join(taskFolder(this.root, task), REQUESTS, nameOf(file));
    const text = await readIfThere(path);
    if (text !== undefined) return text;
    throw failure(
      'Artifact.Missing',
      `The requests of ${task.id} are not at ${path}: they were removed, or this worker has another home than the ` +
        'gateway that took them. Start it with the same GANTRY_HOME.',
    );
  }
}

/** Write requests as they come into a directory that nobody reads yet. */
export async function writeRequests(directory: string, requests: AsyncIterable<TaskRequest>): Promise<void> {
  let lines: string[] = [];
  let file = 0;
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return;
    await writeFile(join(directory, nameOf(file)), lines.join(''), { mode: 0o600 });
    [lines, file] = [[], file + 1];
  };
  for await (const request of requests) {
    lines.push(`${JSON.stringify(request)}\n`);
    if (lines.length === PER_FILE) await flush();
  }
  await flush();
}

function nameOf(file: number): string {
  return `${file}.jsonl`;
}
