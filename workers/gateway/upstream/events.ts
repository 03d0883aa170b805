/** Longest event that is waited for, bytes: whoever sends more without an end sends no stream of events. */
export const LONGEST_EVENT = 8 * 1024 * 1024;

const LF = 10;
const CR = 13;

/** Cuts what comes over the wire into whole server-sent events, without copying them. */
export class EventSplitter {
  private pending: Buffer = Buffer.alloc(0);
  private lookFrom = 0;

  /** Take a chunk in; `each` is told of every event that is whole now: where it is, in which buffer. */
  push(chunk: Buffer, each: (buffer: Buffer, from: number, to: number) => void): void {
    const buffer = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    let from = 0;
    let at = this.lookFrom;
    for (;;) {
      const newline = buffer.indexOf(LF, at);
      if (newline === -1) break;
      const end = endOfBlankLine(buffer, newline + 1);
      at = end ?? newline + 1;
      if (end === undefined) continue;
      each(buffer, from, end);
      from = end;
    }
    this.pending = buffer.subarray(from);
    // The last bytes may be the first half of a blank line.
    this.lookFrom = Math.max(0, this.pending.length - 2);
    if (this.pending.length > LONGEST_EVENT) throw new RangeError('an event of the stream does not end');
  }

  /** What came after the last whole event: some servers leave out the last blank line. */
  rest(): Buffer {
    return this.pending;
  }
}

function endOfBlankLine(buffer: Buffer, at: number): number | undefined {
  if (buffer[at] === LF) return at + 1;
  return buffer[at] === CR && buffer[at + 1] === LF ? at + 2 : undefined;
}

/** The data of an event; undefined: it has none, as comments have, which keep a connection alive. */
export function dataOf(event: string): string | undefined {
  if (event.startsWith('data: ') && event.indexOf('\n') >= event.length - 2) return event.slice(6).trimEnd();
  const lines = event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []));
  return lines.length === 0 ? undefined : lines.join('\n');
}
