import { open, realpath } from 'node:fs/promises';
import { join, relative, isAbsolute, sep } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import { failure } from '../failure';

/**
 * The text of a file inside a directory, at most `limit` bytes of it and a note when that cuts it. Links are followed
 * first and judged afterwards. Fails: Path.Escapes when it leads out, Definition.Invalid when there is no such file.
 */
export async function readConfined(root: string, path: string, limit: number): Promise<string> {
  const file = await confine(root, path);
  const handle = await open(file, 'r').catch((error: Error) => {
    throw missing(path, error.message);
  });
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw missing(path, 'it is not a file');
    const size = Math.min(info.size, limit);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    return info.size <= limit ? text : `${text}\n[the file has ${info.size} bytes and is cut here]`;
  } finally {
    await handle.close();
  }
}

async function confine(root: string, path: string): Promise<string> {
  const base = await realpath(root);
  const wanted = isAbsolute(path) ? path : join(base, path);
  if (leadsOut(base, wanted)) throw escapes(path);
  const file = await realpath(wanted).catch((error: Error) => {
    throw missing(path, error.message);
  });
  if (leadsOut(base, file)) throw escapes(path);
  return file;
}

function leadsOut(base: string, path: string): boolean {
  const way = relative(base, path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}

function escapes(path: string): ApplicationFailure {
  return failure(
    'Path.Escapes',
    `The attached file "${path}" lies outside the workspace. Attach only files of the repository.`,
  );
}

function missing(path: string, why: string): ApplicationFailure {
  return failure(
    'Definition.Invalid',
    `The attached file "${path}" cannot be read: ${why}. Name a file that the run's branch has.`,
  );
}
