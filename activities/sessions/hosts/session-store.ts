import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../files/whole-file';
import type { SessionRecord } from './session-record';

/** The sessions of one host, on disk: one file each. */
export interface SessionStore {
  load(): Promise<SessionRecord[]>;
  save(record: SessionRecord): Promise<void>;
  remove(name: string): Promise<void>;
  /** A session's own directory, for prompts without a workspace. */
  directory(name: string): string;
}

export function sessionStore(folder: string): SessionStore {
  const path = (name: string) => join(folder, 'sessions', `${name}.json`);
  // One write after the other: two at once could end with the older one.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    async load() {
      await mkdir(join(folder, 'sessions'), { recursive: true, mode: 0o700 });
      const files = (await readdir(join(folder, 'sessions'))).filter((name) => name.endsWith('.json'));
      const texts = await Promise.all(files.map((name) => readFile(join(folder, 'sessions', name), 'utf8')));
      return texts.map((text) => JSON.parse(text) as SessionRecord);
    },
    save: (record) => inTurn(() => writeWhole(path(record.name), JSON.stringify(record))),
    remove: (name) => inTurn(() => rm(path(name), { force: true })),
    directory: (name) => join(folder, 'work', name),
  };
}
