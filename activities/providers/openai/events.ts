import { UnusableAnswer } from '../provider-failure';

/** Longest event that is waited for, bytes: whoever sends more without an end sends no stream of events. */
const LONGEST = 8 * 1024 * 1024;

const LF = 10;
const CR = 13;

/** Cuts what comes over the wire into whole server-sent events, without copying them. */
export class EventSplitter {
  private pending: Buffer = Buffer.alloc(0);
  private lookFrom = 0;

  /**
   * Take a chunk in; `each` is told of every event that is whole now: where it is, in which buffer. Fails:
   * UnusableAnswer where an event does not end.
   */
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
    if (this.pending.length <= LONGEST) return;
    throw new UnusableAnswer('Provider.BadResponse', 'endless', 'an event of the stream does not end');
  }

  /** Something came after the last whole event: some servers leave out the last blank line. */
  get hasRest(): boolean {
    return this.pending.length > 0;
  }
}

function endOfBlankLine(buffer: Buffer, at: number): number | undefined {
  if (buffer[at] === LF) return at + 1;
  return buffer[at] === CR && buffer[at + 1] === LF ? at + 2 : undefined;
}

/** The whole events of a text. */
export function eventsIn(text: string): readonly string[] {
  return text.split(/\r?\n\r?\n/).filter((event) => event !== '');
}

/** The data of an event; undefined: it has none, as comments have, which keep a connection alive. */
export function dataOf(event: string): string | undefined {
  const newline = event.indexOf('\n');
  const isOneLine = newline === -1 || newline >= event.length - 2;
  if (isOneLine && event.startsWith('data: ')) return event.slice('data: '.length).trimEnd();
  const lines = event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice('data:'.length).replace(/^ /, '')] : []));
  return lines.length === 0 ? undefined : lines.join('\n');
}
