import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeOnce } from '../../files/whole-file';
import { findProcess } from '../../processes/process-table';

// Two attempts of one activity can be alive at once: the server gives an attempt up after missed heartbeats, the
// attempt itself may only have been slow. Whoever holds the highest number may act; a number is taken once.

const LOOK_MS = 500;

export interface Holder {
  /** Is no newer attempt acting on this dispatch? Asked before everything that can not be taken back. */
  isCurrent(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Become the one attempt that acts on a dispatch. Waits, until `signal`, for an earlier one that lives; one whose
 * process died is followed at once.
 */
export async function hold(dir: string, signal: AbortSignal, onWait: () => void): Promise<Holder> {
  const self = JSON.stringify({ pid: process.pid, birth: (await findProcess(process.pid))?.birth });
  for (;;) {
    signal.throwIfAborted();
    const number = await highest(dir);
    if (number === 0 || (await isFree(dir, number))) {
      if (await writeOnce(holderPath(dir, number + 1), self)) return holder(dir, number + 1);
      continue;
    }
    onWait();
    await sleep(LOOK_MS, undefined, { signal });
  }
}

function holder(dir: string, number: number): Holder {
  return {
    isCurrent: async () => (await highest(dir)) === number,
    async release() {
      await writeOnce(`${holderPath(dir, number)}.released`, '');
    },
  };
}

async function highest(dir: string): Promise<number> {
  const numbers = (await readdir(dir)).flatMap((name) => /^holder\.(\d+)$/.exec(name)?.[1] ?? []);
  return Math.max(0, ...numbers.map(Number));
}

async function isFree(dir: string, number: number): Promise<boolean> {
  if ((await readdir(dir)).includes(`holder.${number}.released`)) return true;
  const { pid, birth } = JSON.parse(await readFile(holderPath(dir, number), 'utf8')) as { pid: number; birth?: string };
  return (await findProcess(pid))?.birth !== birth;
}

function holderPath(dir: string, number: number): string {
  return join(dir, `holder.${number}`);
}
