import { UnusableAnswer } from '../provider-failure';

export interface ServerSentEvent {
  /** As it came, with the blank line that ends it. */
  readonly raw: string;
  readonly data: string;
}

/** Longest event that is waited for, characters: whoever sends more without an end sends no stream of events. */
const LONGEST = 8 * 1024 * 1024;
const BLANK_LINE = /\r?\n\r?\n/g;

/** The events of a stream that have data; comments, which keep a connection alive, have none. Fails: UnusableAnswer. */
export async function* serverSentEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of bytes) {
    const searched = pending.length;
    pending += decoder.decode(chunk, { stream: true });
    // The last characters may be the first half of a blank line.
    BLANK_LINE.lastIndex = Math.max(0, searched - 3);
    const ends = [...pending.matchAll(BLANK_LINE)].map((match) => match.index + match[0].length);
    let from = 0;
    for (const end of ends) {
      const event = eventIn(pending.slice(from, end));
      from = end;
      if (event) yield event;
    }
    pending = pending.slice(from);
    if (pending.length > LONGEST) {
      throw new UnusableAnswer('Provider.BadResponse', 'endless', 'an event of the stream does not end');
    }
  }
  // Some servers leave out the last blank line.
  const last = eventIn(`${pending}${decoder.decode()}\n\n`);
  if (last) yield last;
}

function eventIn(raw: string): ServerSentEvent | undefined {
  const lines = raw
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []));
  return lines.length === 0 ? undefined : { raw, data: lines.join('\n') };
}
