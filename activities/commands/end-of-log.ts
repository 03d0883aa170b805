import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Redactor } from '../secrets/redactor';

/** A heartbeat is to stay small, and a secret must be whole to be known as one: more is read than is said. */
const READ_BYTES = 8 * 1024;
const SAID_CHARACTERS = 1_000;

/** The last whole lines of a log that is still being written, as they may be seen; empty where there is none. */
export function endOfLog(path: string, redactor: Redactor): string {
  const text = redactor.redact(readEnd(path));
  return text.length <= SAID_CHARACTERS ? text : text.slice(text.indexOf('\n', text.length - SAID_CHARACTERS) + 1);
}

/** Whole lines only: of a secret that was cut, or is half written, the rest would pass as something else. */
function readEnd(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return ''; // it has written nothing yet
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, READ_BYTES));
    const length = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.toString('utf8', 0, length);
    const begin = size <= READ_BYTES ? 0 : text.indexOf('\n') + 1;
    return text.slice(begin, text.lastIndexOf('\n') + 1);
  } finally {
    closeSync(file);
  }
}
