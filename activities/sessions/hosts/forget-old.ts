import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { modifiedAt } from '../../files/whole-file';
import { inspect } from '../../processes/supervised';
import { processDir } from '../agent-record';

/** How long what an ended agent and its prompt left behind is kept: longer than a run may be resumed. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** Remove the directories of agents and dispatches that ended long ago. Logs and answers are artifacts by then. */
export async function forgetOld(home: string, inUse: ReadonlySet<string>, now = Date.now()): Promise<void> {
  for (const folder of ['agents', 'dispatches']) {
    for (const name of await readdir(join(home, folder)).catch(() => [])) {
      const dir = join(home, folder, name);
      if (inUse.has(name) || now - (await changedAt(dir)) < KEPT_MS) continue;
      if ((await inspect(processDir(dir))).state === 'running') continue;
      await rm(dir, { recursive: true, force: true });
    }
  }
}

/** The newest of what is directly in it: a directory itself does not change with its files. */
async function changedAt(dir: string): Promise<number> {
  const names = await readdir(dir).catch(() => []);
  const times = await Promise.all([dir, ...names.map((name) => join(dir, name))].map(modifiedAt));
  return Math.max(...times);
}
