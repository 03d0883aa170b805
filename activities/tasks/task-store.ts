import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { JsonObject } from '../../contracts/json';
import type { RouteRequest } from '../../contracts/models';
import type { ItemFailure } from '../../contracts/tasks/activities';
import { TASK_ID_PATTERN, teamFolder, type Owned } from '../../contracts/tasks/names';
import type { TaskSpending } from '../../contracts/tasks/spending';
import type { OpenAiError } from '../../contracts/tasks/openai-error';
import { failure } from '../failure';
import { watchFolders } from '../files/folder-watch';
import { isCode, readIfThere, writeOnce } from '../files/whole-file';
import { fileName } from '../host';

/** One request of a task, as it was ordered. */
export interface TaskRequest {
  readonly custom_id: string;
  readonly body: JsonObject;
  /** What routing has to know of it. */
  readonly route: Pick<RouteRequest, 'model' | 'inputTokens' | 'maxOutputTokens'>;
}

/** What all requests of a task come to. */
export interface KeptTask {
  readonly total: number;
  /** SHA-256 of what was asked for. */
  readonly digest: string;
}

/** What came of one call for one request. */
export type CallRecord = {
  readonly at: number;
  readonly spent: TaskSpending;
} & (
  | { readonly outcome: 'answered'; readonly body: JsonObject; readonly requestId?: string }
  | { readonly outcome: 'failed'; readonly error: OpenAiError; readonly failure: Omit<ItemFailure, 'index'> }
);

export type AnsweredRecord = Extract<CallRecord, { outcome: 'answered' }>;

/** One call for one request: the first is number 1. */
export interface CallKey {
  readonly index: number;
  readonly call: number;
}

/** What an attempt left behind that was about to call: whether it did, and what it cost, nobody knows. */
export interface CallMark {
  readonly estimateNano: number;
}

/** Requests in one file. */
const PER_FILE = 10;
/** Requests whose calls are in one directory: directories stay small. */
const PER_DIRECTORY = 1_000;
/** Calls for the first request, as their files are called; a later one is found by looking. */
const FIRST_REQUESTS = [1, 2, 3, 4, 5].map((call) => `0.${call}.json`);
const LOOK_MS = 1_000;

/**
 * The requests of tasks and what came of them, below a directory that all workers of a home see. What is written is
 * there whole or not at all, and never changes: of two attempts at the same call the first answer counts.
 */
export class TaskStore {
  constructor(private readonly root: string) {}

  /**
   * Keep the requests of a new task: all of them, or none. Where a task of that id is kept already, it stays as it is.
   * @param about Asked when all requests are read.
   * @returns What is known of the task that is kept.
   */
  async keep(task: Owned, requests: AsyncIterable<TaskRequest>, about: () => KeptTask): Promise<KeptTask> {
    const draft = join(this.root, `draft-${randomUUID()}`);
    await mkdir(join(draft, 'requests'), { recursive: true, mode: 0o700 });
    // There from the beginning: an answer can be waited for where it will be.
    await mkdir(join(draft, 'calls', '0'), { recursive: true, mode: 0o700 });
    try {
      await writeRequests(join(draft, 'requests'), requests);
      const kept = about();
      await writeFile(join(draft, 'about.json'), JSON.stringify(kept), { mode: 0o600 });
      await this.moveTo(task, draft);
      return kept;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (!isCode(error, 'ENOTEMPTY') && !isCode(error, 'EEXIST')) throw error;
      return JSON.parse(await readFile(join(this.folder(task), 'about.json'), 'utf8')) as KeptTask;
    }
  }

  /** In order. Fails, to be tried again by another worker: Artifact.Missing. */
  async requests(task: Owned, from: number, count: number): Promise<readonly TaskRequest[]> {
    const files = range(Math.floor(from / PER_FILE), Math.floor((from + count - 1) / PER_FILE) + 1);
    const texts = await Promise.all(files.map((file) => this.read(task, file)));
    const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
    const skipped = from % PER_FILE;
    return lines.slice(skipped, skipped + count).map((line) => JSON.parse(line) as TaskRequest);
  }

  async call(task: Owned, key: CallKey): Promise<CallRecord | undefined> {
    const text = await readIfThere(this.callPath(task, key, 'json'));
    return text === undefined ? undefined : (JSON.parse(text) as CallRecord);
  }

  /** @returns What counts, which is another's record where that was there first. */
  async recordCall(task: Owned, key: CallKey, record: CallRecord): Promise<CallRecord> {
    const isFirst = await this.writeOnce(this.callPath(task, key, 'json'), JSON.stringify(record));
    return isFirst ? record : ((await this.call(task, key)) ?? record);
  }

  /** Written before a call. @param attempt Which attempt of the activity is about to make it. */
  async mark(task: Owned, key: CallKey, attempt: number, mark: CallMark): Promise<void> {
    await this.writeOnce(this.callPath(task, key, `asked-${attempt}`), JSON.stringify(mark));
  }

  /** The call was not made after all. */
  async unmark(task: Owned, key: CallKey, attempt: number): Promise<void> {
    await rm(this.callPath(task, key, `asked-${attempt}`), { force: true });
  }

  /** What attempts before this one were about to call and never recorded. */
  async marks(task: Owned, key: CallKey, before: number): Promise<readonly CallMark[]> {
    const each = range(1, before).map((attempt) => readIfThere(this.callPath(task, key, `asked-${attempt}`)));
    return (await Promise.all(each)).flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as CallMark]));
  }

  /** The latest call of each request, in order of the requests; undefined where nobody was asked. */
  async *latestCalls(task: Owned, total: number): AsyncGenerator<CallRecord | undefined> {
    for (let first = 0; first < total; first += PER_DIRECTORY) {
      const latest = await this.latestIn(join(this.folder(task), 'calls', String(first / PER_DIRECTORY)));
      for (const index of range(first, Math.min(first + PER_DIRECTORY, total))) {
        const call = latest.get(index);
        yield call === undefined ? undefined : await this.call(task, { index, call });
      }
    }
  }

  /**
   * The answer to the first request, as soon as it is written down; undefined when `signal` comes first. Where the file
   * system tells of no changes it is looked for every second.
   */
  async untilAnswered(task: Owned, signal: AbortSignal): Promise<AnsweredRecord | undefined> {
    const watch = watchFolders({ [join(this.folder(task), 'calls', '0')]: FIRST_REQUESTS });
    try {
      while (!signal.aborted) {
        for await (const record of this.latestCalls(task, 1)) if (record?.outcome === 'answered') return record;
        await watch.next(LOOK_MS, signal).catch(() => undefined);
      }
      return undefined;
    } finally {
      watch.close();
    }
  }

  async *allRequests(task: Owned, total: number): AsyncGenerator<TaskRequest> {
    for (let from = 0; from < total; from += PER_FILE) {
      yield* await this.requests(task, from, Math.min(PER_FILE, total - from));
    }
  }

  async remove(task: Owned): Promise<void> {
    await rm(this.folder(task), { recursive: true, force: true });
  }

  /** Remove what nobody has written to since. @returns How many tasks that were. */
  async removeUntouchedSince(at: number): Promise<number> {
    let removed = 0;
    for (const team of await list(this.root)) {
      const tasks = team.startsWith('draft-')
        ? [team]
        : (await list(join(this.root, team))).map((id) => join(team, id));
      for (const task of tasks) {
        if ((await lastTouched(join(this.root, task))) >= at) continue;
        await rm(join(this.root, task), { recursive: true, force: true });
        removed += 1;
      }
    }
    return removed;
  }

  private async read(task: Owned, file: number): Promise<string> {
    const path = join(this.folder(task), 'requests', `${file}.jsonl`);
    const text = await readIfThere(path);
    if (text !== undefined) return text;
    throw failure(
      'Artifact.Missing',
      `The requests of ${task.id} are not at ${path}: they were removed, or this worker has another home than the ` +
        'gateway that took them. Start it with the same GANTRY_HOME.',
    );
  }

  private async latestIn(directory: string): Promise<ReadonlyMap<number, number>> {
    const latest = new Map<number, number>();
    for (const name of await list(directory)) {
      const [, index, call] = /^(\d+)\.(\d+)\.json$/.exec(name) ?? [];
      if (index === undefined) continue;
      latest.set(Number(index), Math.max(latest.get(Number(index)) ?? 0, Number(call)));
    }
    return latest;
  }

  private async moveTo(task: Owned, draft: string): Promise<void> {
    try {
      await rename(draft, this.folder(task));
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
      await mkdir(join(this.root, teamFolder(task.team)), { recursive: true, mode: 0o700 });
      await rename(draft, this.folder(task));
    }
  }

  private async writeOnce(path: string, content: string): Promise<boolean> {
    try {
      return await writeOnce(path, content);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      return writeOnce(path, content);
    }
  }

  private callPath(task: Owned, { index, call }: CallKey, ending: string): string {
    const directory = String(Math.floor(index / PER_DIRECTORY));
    return join(this.folder(task), 'calls', directory, `${index}.${call}.${ending}`);
  }

  /** No id leads out of the folder, whatever it holds. */
  private folder({ team, id }: Owned): string {
    return join(this.root, teamFolder(team), TASK_ID_PATTERN.test(id) ? id : fileName(id));
  }
}

async function writeRequests(directory: string, requests: AsyncIterable<TaskRequest>): Promise<void> {
  let lines: string[] = [];
  let file = 0;
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return;
    await writeFile(join(directory, `${file}.jsonl`), lines.join(''), { mode: 0o600 });
    [lines, file] = [[], file + 1];
  };
  for await (const request of requests) {
    lines.push(`${JSON.stringify(request)}\n`);
    if (lines.length === PER_FILE) await flush();
  }
  await flush();
}

async function list(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}

/** Calls are written one directory down. */
async function lastTouched(folder: string): Promise<number> {
  const calls = (await list(join(folder, 'calls'))).map((name) => join(folder, 'calls', name));
  const times = await Promise.all(
    [folder, ...calls].map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
