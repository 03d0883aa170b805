import { open } from 'node:fs/promises';
import { isCode, sizeOf } from '../files/whole-file';

const CHUNK_BYTES = 256 * 1024;

export interface LineTail {
  /** The whole lines that were written since the last call. */
  read(): Promise<string[]>;
}

/**
 * Follow a file that grows, from a place in it. It need not exist yet; a last line without its newline is left for the
 * next call.
 */
export function tailLines(path: string, from = 0): LineTail {
  let offset = from;
  let rest = Buffer.alloc(0);
  return {
    async read() {
      const added = await readFrom(path, offset);
      offset += added.length;
      const bytes = rest.length === 0 ? added : Buffer.concat([rest, added]);
      const end = bytes.lastIndexOf(0x0a);
      rest = Buffer.from(bytes.subarray(end + 1));
      if (end < 0) return [];
      return bytes
        .subarray(0, end)
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
    },
  };
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  // Most looks find nothing new, and thirty agents are looked at all the time.
  if ((await sizeOf(path)) <= offset) return Buffer.alloc(0);
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (!file) return Buffer.alloc(0);
  try {
    const chunks: Buffer[] = [];
    for (let at = offset; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** The object of a line of JSON; undefined for anything else: agents print what they like. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
