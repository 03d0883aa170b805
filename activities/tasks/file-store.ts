import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ownedBy, teamFolder, type Owned } from '../../contracts/tasks/names';
import type { Text } from '../../contracts/text';
import { namesIn } from '../files/names-in';
import { readIfThere, writeWhole } from '../files/whole-file';

/** A file of the API: what it is called and where its content is. */
export interface FileRecord {
  readonly id: string;
  readonly filename: string;
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly purpose: string;
  readonly content: Text;
}

/** What a file may be called. */
const FILE_ID = /^file-[a-z0-9-]{8,80}$/;

/** The files of each team, below a directory; their contents are in the artifact store. */
export class FileStore {
  constructor(private readonly root: string) {}

  async put(team: string | undefined, file: FileRecord): Promise<void> {
    await mkdir(this.folder(team), { recursive: true, mode: 0o700 });
    await writeWhole(join(this.folder(team), `${file.id}.json`), JSON.stringify(file));
  }

  async get({ team, id }: Owned): Promise<FileRecord | undefined> {
    if (!FILE_ID.test(id)) return undefined;
    const text = await readIfThere(join(this.folder(team), `${id}.json`));
    return text === undefined ? undefined : (JSON.parse(text) as FileRecord);
  }

  /** Newest first. */
  async list(team: string | undefined): Promise<readonly FileRecord[]> {
    const records = (await namesIn(this.folder(team))).filter((name) => name.endsWith('.json'));
    const files = await Promise.all(records.map((name) => this.get(ownedBy(team, basename(name, '.json')))));
    return files
      .filter((file) => file !== undefined)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  }

  /**
   * The content stays where other files with the same one find it.
   * @returns Whether there was such a file.
   */
  async remove(file: Owned): Promise<boolean> {
    if ((await this.get(file)) === undefined) return false;
    await rm(join(this.folder(file.team), `${file.id}.json`), { force: true });
    return true;
  }

  private folder(team: string | undefined): string {
    return join(this.root, teamFolder(team));
  }
}
