import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { exists } from '../files/whole-file';

const SLOW_LOOK_MS = 1_000;

/**
 * Resolves when a file appears in a directory, and in any case after a second: the file system's events tell early,
 * but not everywhere and not everything, and a process that was killed leaves none. Rejects on abort.
 */
export async function waitForChange(dir: string, file: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  signal?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, SLOW_LOOK_MS);
  const watcher = tryWatch(dir, file, stop);
  const over = new Promise<void>((resolve) =>
    waiting.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  try {
    // It may have appeared before the watch began.
    if (await exists(join(dir, file))) return;
    await over;
    signal?.throwIfAborted();
  } finally {
    clearTimeout(timer);
    watcher?.close();
    signal?.removeEventListener('abort', stop);
  }
}

function tryWatch(dir: string, file: string, wake: () => void): FSWatcher | undefined {
  try {
    return watch(dir, (_, name) => {
      if (name === file) wake();
    }).on('error', () => undefined); // the directory went away: the slow look remains
  } catch {
    return undefined; // out of watches: the slow look remains
  }
}
