import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallRecord, TaskRequest } from '../../../activities/tasks/task-records';
import { TaskStore } from '../../../activities/tasks/task-store';
import { removeOldTasks } from '../../../activities/tasks/remove-old-tasks';
import { FileStore } from '../../../activities/tasks/file-store';
import { temporaryDirectory } from '../../support/temporary-home';

let root: string;
let store: TaskStore;
beforeEach(async () => {
  root = await temporaryDirectory();
  store = new TaskStore(join(root, 'tasks'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const TASK = { team: 'red', id: 'task_0123456789' };
const SPENT = { costNano: 7, unconfirmedNano: 0, unpriced: 0, inputTokens: 3, outputTokens: 2 };

async function* requests(count: number, word = 'ask'): AsyncGenerator<TaskRequest> {
  for (let index = 0; index < count; index += 1) {
    const body = { messages: [{ role: 'user', content: `${word} ${index}` }] };
    yield await Promise.resolve({ custom_id: `item-${index}`, body, route: { inputTokens: 1 } });
  }
}

function answered(text: string): CallRecord {
  return { at: 1, outcome: 'answered', body: { text }, spent: SPENT };
}

const failed = { ...answered(''), outcome: 'failed' } as unknown as CallRecord;

const idsOf = (found: readonly TaskRequest[]): string[] => found.map(({ custom_id }) => custom_id);

describe('the requests of a task', () => {
  it('are found in order, wherever a portion begins and ends', async () => {
    await store.keep(TASK, requests(35), () => ({ total: 35, digest: 'a' }));
    expect(idsOf(await store.requests.some(TASK, 8, 5))).toEqual(['item-8', 'item-9', 'item-10', 'item-11', 'item-12']);
    expect(idsOf(await store.requests.some(TASK, 34, 1))).toEqual(['item-34']);
    const all: TaskRequest[] = [];
    for await (const request of store.requests.all(TASK, 35)) all.push(request);
    expect(all).toHaveLength(35);
  });

  it('are kept once: who comes second is told what was kept, and changes nothing', async () => {
    const first = await store.keep(TASK, requests(3), () => ({ total: 3, digest: 'first' }));
    const second = await store.keep(TASK, requests(3, 'other'), () => ({ total: 3, digest: 'second' }));
    expect([first.digest, second.digest]).toEqual(['first', 'first']);
    const [found] = await store.requests.some(TASK, 0, 1);
    expect(found?.body['messages']).toEqual([{ role: 'user', content: 'ask 0' }]);
    expect(await readdir(join(root, 'tasks'))).toEqual(['red']);
  });

  it('are not there at all when one of them cannot be read', async () => {
    const broken = async function* (): AsyncGenerator<TaskRequest> {
      yield* requests(12);
      throw new Error('line 13 is no request');
    };
    await expect(store.keep(TASK, broken(), () => ({ total: 0, digest: '' }))).rejects.toThrow('line 13');
    expect(await readdir(join(root, 'tasks'))).toEqual([]);
  });

  it('that another home has are missed in words that say what to do', async () => {
    await expect(store.requests.some(TASK, 0, 1)).rejects.toMatchObject({
      type: 'Artifact.Missing',
      message: expect.stringContaining('Start it with the same GANTRY_HOME') as string,
    });
  });

  it('of an id that nobody made lead nowhere else', async () => {
    await writeFile(join(root, 'secret'), 'x');
    for (const id of ['../../secret', '..', '/etc/passwd', 'task_']) {
      await expect(store.requests.some({ id }, 0, 1)).rejects.toMatchObject({ type: 'Artifact.Missing' });
    }
  });
});

describe('what came of a call', () => {
  it('is what was written first, however many attempts write', async () => {
    const key = { index: 1_234, call: 1 };
    const written = await Promise.all(['a', 'b', 'c'].map((text) => store.calls.record(TASK, key, answered(text))));
    const found = await store.calls.find(TASK, key);
    expect(written).toEqual([found, found, found]);
  });

  it('of the latest call for each request is told in order, with nothing where nobody was asked', async () => {
    await store.calls.record(TASK, { index: 0, call: 1 }, answered('first'));
    await store.calls.record(TASK, { index: 0, call: 2 }, answered('second'));
    await store.calls.record(TASK, { index: 1_001, call: 1 }, answered('far'));
    const latest: (CallRecord | undefined)[] = [];
    for await (const record of store.calls.latest(TASK, 1_002)) latest.push(record);
    expect(latest).toHaveLength(1_002);
    expect(latest[0]).toMatchObject({ body: { text: 'second' } });
    expect(latest[1]).toBeUndefined();
    expect(latest[1_001]).toMatchObject({ body: { text: 'far' } });
  });

  it('is in doubt where an attempt was about to call and nothing was written', async () => {
    const key = { index: 0, call: 1 };
    await store.calls.mark(TASK, key, 1, { estimateNano: 5 });
    await store.calls.mark(TASK, key, 2, { estimateNano: 6 });
    await store.calls.mark(TASK, key, 3, { estimateNano: 7 });
    expect(await store.calls.marks(TASK, key, 3)).toEqual([{ estimateNano: 5 }, { estimateNano: 6 }]);
    await store.calls.unmark(TASK, key, 1);
    expect(await store.calls.marks(TASK, key, 3)).toEqual([{ estimateNano: 6 }]);
  });
});

test('tasks that nobody has written to are removed, and others are not', async () => {
  const other = { id: 'task_9876543210' };
  await store.keep(TASK, requests(1), () => ({ total: 1, digest: 'a' }));
  await store.keep(other, requests(1), () => ({ total: 1, digest: 'a' }));
  await store.calls.record(other, { index: 0, call: 1 }, answered('late'));
  const long = new Date(Date.now() - 60_000);
  for (const folder of ['red/task_0123456789', 'red/task_0123456789/calls/0', '_/task_9876543210']) {
    await utimes(join(root, 'tasks', folder), long, long);
  }
  expect(await removeOldTasks(store, Date.now() - 30_000)).toBe(1);
  await expect(store.requests.some(TASK, 0, 1)).rejects.toMatchObject({ type: 'Artifact.Missing' });
  expect(await store.requests.some(other, 0, 1)).toHaveLength(1);
});

describe('files of the API', () => {
  const record = (id: string, createdAt: number) => ({
    ...{ id, createdAt, filename: 'in.jsonl', bytes: 1, purpose: 'batch', content: { inline: 'x' } },
  });

  it('belong to one team, are listed newest first, and are gone once they are removed', async () => {
    const files = new FileStore(join(root, 'files'));
    await files.put('red', record('file-00000001', 1));
    await files.put('red', record('file-00000002', 2));
    await files.put(undefined, record('file-00000003', 3));
    expect((await files.list('red')).map(({ id }) => id)).toEqual(['file-00000002', 'file-00000001']);
    expect(await files.get({ team: 'blue', id: 'file-00000001' })).toBeUndefined();
    expect(await files.remove({ team: 'red', id: 'file-00000001' })).toBe(true);
    expect(await files.remove({ team: 'red', id: 'file-00000001' })).toBe(false);
    expect(await files.list('blue')).toEqual([]);
  });

  it('of an id that nobody made lead nowhere else', async () => {
    const files = new FileStore(join(root, 'files'));
    await mkdir(join(root, 'files', '_'), { recursive: true });
    await writeFile(join(root, 'files', 'secret.json'), '{}');
    expect(await files.get({ id: '../secret' })).toBeUndefined();
  });
});

describe('an answer that is waited for', () => {
  const soon = (): AbortSignal => AbortSignal.timeout(20_000);

  it('is given as soon as it is written down, after calls that failed', async () => {
    await store.keep(TASK, requests(1), () => ({ total: 1, digest: 'a' }));
    const waiting = store.calls.untilAnswered(TASK, soon());
    await store.calls.mark(TASK, { index: 0, call: 1 }, 1, { estimateNano: 1 });
    await store.calls.record(TASK, { index: 0, call: 1 }, failed);
    await store.calls.record(TASK, { index: 0, call: 2 }, answered('second'));
    expect(await waiting).toEqual(answered('second'));
  });

  it('is given at once where it is there already', async () => {
    await store.keep(TASK, requests(1), () => ({ total: 1, digest: 'a' }));
    await store.calls.record(TASK, { index: 0, call: 1 }, answered('first'));
    expect(await store.calls.untilAnswered(TASK, soon())).toEqual(answered('first'));
  });

  it('is nothing where nobody waits any more', async () => {
    await store.keep(TASK, requests(1), () => ({ total: 1, digest: 'a' }));
    const enough = new AbortController();
    const waiting = store.calls.untilAnswered(TASK, enough.signal);
    enough.abort();
    expect(await waiting).toBeUndefined();
  });
});
