import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Redactor } from '../../secrets/redactor';

/** What an agent printed from some byte on, without secrets. */
export function readRedacted(path: string, redactor: Redactor, from = 0): Readable {
  const clean = redactor.transform();
  return createReadStream(path, { start: from })
    .on('error', (error) => clean.destroy(error))
    .pipe(clean);
}

/** Replace a log that nobody writes any more by one without secrets. */
export async function keepRedacted(path: string, redactor: Redactor): Promise<void> {
  const draft = `${path}.redacted`;
  await pipeline(readRedacted(path, redactor), createWriteStream(draft, { mode: 0o600 }));
  await rename(draft, path);
}
