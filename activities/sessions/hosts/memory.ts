import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { listProcesses } from '../../processes/process-table';

const PAGE_KB = 4;

/** Memory that programs can still have, in MiB. */
export async function freeMemoryMb(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'latin1').catch(() => '');
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return Math.floor(available === undefined ? freemem() / 1024 ** 2 : Number(available) / 1024);
}

/** What processes, each with all it started, hold in memory, in MiB by pid. None where there is no /proc. */
export async function memoryOf(pids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (pids.length === 0) return new Map();
  const rows = await listProcesses();
  const children = new Map<number, number[]>();
  for (const { pid, parent } of rows) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const tree = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(tree)];
  const sums = await Promise.all(pids.map(async (pid) => [pid, await residentMb(tree(pid))] as const));
  return new Map(sums);
}

async function residentMb(pids: readonly number[]): Promise<number> {
  const pages = await Promise.all(
    pids.map((pid) =>
      readFile(`/proc/${pid}/statm`, 'latin1').then(
        (text) => Number(text.split(' ')[1]),
        () => 0, // it has ended
      ),
    ),
  );
  return Math.round((pages.reduce((sum, count) => sum + count, 0) * PAGE_KB) / 1024);
}
