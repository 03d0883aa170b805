import { EXCERPT_BYTES } from '../../contracts/text';

/** The start and the end of a text that passes by in pieces, cut between characters. */
export class Excerpts {
  bytes = 0;
  private first = Buffer.alloc(0);
  private last = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.first.length < EXCERPT_BYTES) {
      this.first = Buffer.concat([this.first, chunk.subarray(0, EXCERPT_BYTES - this.first.length)]);
    }
    this.last = Buffer.concat([this.last, chunk.subarray(-EXCERPT_BYTES)]).subarray(-EXCERPT_BYTES);
  }

  head(): string {
    return this.first.subarray(0, wholeCharacters(this.first)).toString('utf8');
  }

  tail(): string {
    let start = 0;
    while (start < 3 && isContinuation(this.last[start])) start += 1;
    return this.last.subarray(start).toString('utf8');
  }
}

/** Where the last whole UTF-8 character ends. */
function wholeCharacters(bytes: Buffer): number {
  let lead = bytes.length - 1;
  while (lead > 0 && lead > bytes.length - 4 && isContinuation(bytes[lead])) lead -= 1;
  const byte = bytes[lead] ?? 0;
  const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
  return lead + needed > bytes.length ? lead : bytes.length;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
