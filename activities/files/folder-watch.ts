import { watch, type FSWatcher } from 'node:fs';

/** Tells early that files of some folders changed; never the only thing to rely on. */
export interface FolderWatch {
  /** Resolves at the next change, at once for one since the last call, and in any case after `ms`. Rejects on abort. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Watch some files of folders. File systems do not tell of everything, and watches run out: then time alone tells. */
export function watchFolders(folders: Readonly<Record<string, readonly string[]>>): FolderWatch {
  let changed = false;
  let wake: (() => void) | undefined;
  const note = () => {
    changed = true;
    wake?.();
  };
  const watchers = Object.entries(folders).flatMap(([folder, files]) => tryWatch(folder, files, note) ?? []);
  return {
    async next(ms, signal) {
      signal.throwIfAborted();
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
        if (wake) signal.removeEventListener('abort', wake);
        wake = undefined;
      }
      changed = false;
      signal.throwIfAborted();
    },
    close: () => watchers.forEach((watcher) => watcher.close()),
  };
}

function tryWatch(folder: string, files: readonly string[], wake: () => void): FSWatcher | undefined {
  try {
    return watch(folder, (_, name) => {
      if (name !== null && files.includes(name)) wake();
    }).on('error', () => undefined); // the folder went away
  } catch {
    return undefined;
  }
}
