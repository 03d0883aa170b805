import { setTimeout as sleep } from 'node:timers/promises';
import { mkdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import { findProcess } from '../processes/process-table';
import { modifiedAt, readIfThere, writeOnce } from './whole-file';

const LOOK_MS = 25;
const PATIENCE_MS = 300_000;
const BREAKER_AGE_MS = 10_000;

/**
 * Run `work` while no other process on this host holds the lock. The lock of a process that died is broken; one that
 * lives is waited for, for five minutes.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const release = await lock(path, { everyMs: LOOK_MS, patienceMs: PATIENCE_MS, ...(signal && { signal }) });
  try {
    return await work();
  } finally {
    await release();
  }
}

export interface LockOptions {
  readonly everyMs: number;
  /** Without it the lock is waited for as long as it takes. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/** Take a lock for as long as the process lives, or until the function it gives is called. */
export async function lock(path: string, { everyMs, patienceMs, signal }: LockOptions): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const mine = await ownerLine();
  const deadline = Date.now() + (patienceMs ?? Infinity);
  while (!(await writeOnce(path, mine))) {
    signal?.throwIfAborted();
    if (Date.now() > deadline) throw new Error(`${path} is held by another process: ${await readIfThere(path)}`);
    await breakIfStale(path);
    await sleep(everyMs, undefined, signal && { signal });
  }
  return () => unlink(path);
}

async function ownerLine(): Promise<string> {
  const self = await findProcess(process.pid);
  return `${process.pid}\n${self?.birth}\n${randomUUID()}\n`;
}

async function breakIfStale(path: string): Promise<void> {
  if (!(await isStale(path))) return;
  // Only one may break it, and must look again: the lock may by now be that of somebody who lives.
  const breaker = `${path}.breaker`;
  if (await writeOnce(breaker, '')) {
    try {
      if (await isStale(path)) await unlink(path);
    } finally {
      await unlink(breaker);
    }
  } else {
    const since = await modifiedAt(breaker);
    if (since > 0 && Date.now() - since > BREAKER_AGE_MS) await unlink(breaker).catch(() => undefined);
  }
}

async function isStale(path: string): Promise<boolean> {
  const text = await readIfThere(path);
  if (text === undefined) return false;
  const [pid, birth] = text.split('\n');
  const holder = await findProcess(Number(pid));
  return holder?.birth !== birth;
}
