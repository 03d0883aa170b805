import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Owned } from '../../contracts/tasks/names';
import { watchFolders } from '../files/folder-watch';
import { namesIn } from '../files/names-in';
import { isCode, readIfThere, writeOnce } from '../files/whole-file';
import { CALLS, taskFolder } from './task-folder';
import type { AnsweredRecord, CallKey, CallMark, CallRecord } from './task-records';

/** Requests whose calls are in one directory: directories stay small. */
const PER_DIRECTORY = 1_000;
/** Where the calls for the first request are. */
export const FIRST_CALLS = join(CALLS, '0');
/** Calls for the first request, as their files are called; a later one is found by looking. */
const FIRST_REQUESTS = [1, 2, 3, 4, 5].map((call) => `0.${call}.json`);
const LOOK_MS = 1_000;

/** What came of the calls of tasks. A record never changes: of two attempts at the same call the first one counts. */
export class CallFiles {
  constructor(private readonly root: string) {}

  /** What came of a call; undefined where nothing is recorded. */
  async find(task: Owned, key: CallKey): Promise<CallRecord | undefined> {
    const text = await readIfThere(this.recordPath(task, key));
    return text === undefined ? undefined : (JSON.parse(text) as CallRecord);
  }

  /** @returns What counts, which is another's record where that was there first. */
  async record(task: Owned, key: CallKey, record: CallRecord): Promise<CallRecord> {
    const isFirst = await writeInFolder(this.recordPath(task, key), JSON.stringify(record));
    return isFirst ? record : ((await this.find(task, key)) ?? record);
  }

  /** Written before a call. @param attempt Which attempt of the activity is about to make it, from 1 on. */
  async mark(task: Owned, key: CallKey, attempt: number, mark: CallMark): Promise<void> {
    await writeInFolder(this.markPath(task, key, attempt), JSON.stringify(mark));
  }

  /** The call was not made after all. */
  async unmark(task: Owned, key: CallKey, attempt: number): Promise<void> {
    await rm(this.markPath(task, key, attempt), { force: true });
  }

  /** The marks of all attempts before this one, in their order; that of the call that was recorded is among them. */
  async marks(task: Owned, key: CallKey, attempt: number): Promise<readonly CallMark[]> {
    const before = Array.from({ length: attempt - 1 }, (_, index) => this.markPath(task, key, index + 1));
    const texts = await Promise.all(before.map(readIfThere));
    return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as CallMark]));
  }

  /** The latest call of each request, in order of the requests; undefined where nobody was asked. */
  async *latest(task: Owned, total: number): AsyncGenerator<CallRecord | undefined> {
    for (let first = 0; first < total; first += PER_DIRECTORY) {
      const latest = await latestIn(this.directoryOf(task, first));
      for (let index = first; index < Math.min(first + PER_DIRECTORY, total); index += 1) {
        const call = latest.get(index);
        yield call === undefined ? undefined : await this.find(task, { index, call });
      }
    }
  }

  /** What the latest call for the first request came to; undefined where nobody was asked. */
  async latestOfFirst(task: Owned): Promise<CallRecord | undefined> {
    for await (const record of this.latest(task, 1)) return record;
    return undefined;
  }

  /**
   * The answer to the first request, as soon as it is written down; undefined when `signal` comes first. Where the file
   * system tells of no changes it is looked for every second.
   */
  async untilAnswered(task: Owned, signal: AbortSignal): Promise<AnsweredRecord | undefined> {
    const watch = watchFolders({ [this.directoryOf(task, 0)]: FIRST_REQUESTS });
    try {
      while (!signal.aborted) {
        const record = await this.latestOfFirst(task);
        if (record?.outcome === 'answered') return record;
        await watch.next(LOOK_MS, signal).catch(() => undefined);
      }
      return undefined;
    } finally {
      watch.close();
    }
  }

  private recordPath(task: Owned, { index, call }: CallKey): string {
    return join(this.directoryOf(task, index), `${index}.${call}.json`);
  }

  private markPath(task: Owned, { index, call }: CallKey, attempt: number): string {
    return join(this.directoryOf(task, index), `${index}.${call}.asked-${attempt}`);
  }

  private directoryOf(task: Owned, index: number): string {
    return join(taskFolder(this.root, task), CALLS, String(Math.floor(index / PER_DIRECTORY)));
  }
}

/** The number of the latest call recorded in a directory, for each request by its index. */
async function latestIn(directory: string): Promise<ReadonlyMap<number, number>> {
  const latest = new Map<number, number>();
  for (const name of await namesIn(directory)) {
    const [, index, call] = /^(\d+)\.(\d+)\.json$/.exec(name) ?? [];
    if (index === undefined) continue;
    latest.set(Number(index), Math.max(latest.get(Number(index)) ?? 0, Number(call)));
  }
  return latest;
}

/** As {@link writeOnce}; the folder is made only where it is missing, which is seldom. */
async function writeInFolder(path: string, content: string): Promise<boolean> {
  try {
    return await writeOnce(path, content);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return writeOnce(path, content);
  }
}
