import type { Account, StreamAccount, StreamPart } from './upstream';
import { UnusableAnswer } from '../../../activities/providers/provider-failure';
import { tokensOfAnswer } from '../../../contracts/tokens';
import { isObject } from '../json';
import { accountOf } from './account';
import { contentBytesOf } from './content';
import { EventSplitter, dataOf } from './events';

/** An error that a provider sent within a stream. */
export class ErrorInStream extends Error {
  override readonly name = 'ErrorInStream';

  constructor(readonly error: unknown) {
    super('the provider sent an error within the stream');
  }
}

const FORWARD = true;
const KEEP_BACK = false;

/**
 * Reads chat completion chunks as they pass. Their bytes are sent on as they came; kept back are only the end mark,
 * which whoever writes the stream sets, and chunks without choices where the client did not ask for usage: many
 * clients fail on them.
 */
export class EventReader {
  private readonly splitter = new EventSplitter();
  private finished = 0;
  private done = false;
  private committed = false;
  private contents = 0;
  private contentBytes = 0;
  /** Bytes of a content event beside its content. */
  private overhead = 0;
  private told: Account;
  private id: string | undefined;
  private broken: { readonly error: unknown } | undefined;

  constructor(private readonly of: { readonly model: string; readonly choices: number; readonly wantsUsage: boolean }) {
    this.told = { model: of.model };
  }

  /** What is behind content that was sent on is told by {@link check}. Fails: {@link ErrorInStream}, UnusableAnswer. */
  push(chunk: Buffer): StreamPart | undefined {
    const runs = new Runs();
    const wasCommitted = this.committed;
    try {
      this.splitter.push(chunk, (buffer, from, to) => {
        if (this.read(buffer, from, to) === FORWARD) runs.add(buffer, from, to);
        else runs.end();
      });
    } catch (error) {
      // Content that came just before it belongs to the client; where nothing was sent yet, another may answer.
      if (!wasCommitted || runs.isEmpty) throw error;
      this.broken = { error };
    }
    return runs.isEmpty ? undefined : { bytes: runs.bytes(), commits: this.committed };
  }

  /** Fails as {@link push} does, for what was found behind the last part. */
  check(): void {
    if (this.broken) throw this.broken.error;
  }

  /** The stream has ended. Fails: UnusableAnswer where the answer is not whole. */
  end(): StreamPart | undefined {
    const rest = this.splitter.rest();
    const last = rest.length === 0 ? undefined : this.push(Buffer.from('\n\n'));
    const whole = this.finished >= this.of.choices || (this.done && this.finished > 0);
    if (!whole) {
      throw new UnusableAnswer('Provider.BadResponse', 'truncated', 'the stream ended before the answer did');
    }
    return last;
  }

  account(): StreamAccount {
    const { told, id } = this;
    const received = Math.max(this.contents, tokensOfAnswer(this.contentBytes));
    return { ...told, received, ...(id !== undefined && { id }) };
  }

  private read(buffer: Buffer, from: number, to: number): boolean {
    const event = buffer.toString('latin1', from, to);
    if (this.committed && isPlainContent(event)) {
      this.countContent(to - from - this.overhead);
      return FORWARD;
    }
    const data = dataOf(buffer.toString('utf8', from, to));
    if (data === undefined) return this.committed ? FORWARD : KEEP_BACK;
    if (data === '[DONE]') {
      this.done = true;
      return KEEP_BACK;
    }
    return this.readChunk(parse(data), to - from);
  }

  private readChunk(chunk: Record<string, unknown>, size: number): boolean {
    const { error, usage, model, id, choices } = chunk;
    if (error !== undefined && error !== null) throw new ErrorInStream(error);
    if (typeof id === 'string') this.id ??= id;
    if (typeof model === 'string' && model !== '') this.told = { ...this.told, model };
    // Usage comes on a last chunk without choices, or on any other one.
    if (isObject(usage)) this.told = { ...this.told, ...accountOf(usage) };
    const each = Array.isArray(choices) ? choices.filter(isObject) : [];
    for (const choice of each) this.readChoice(choice, size);
    return each.length > 0 || (this.of.wantsUsage && isObject(usage));
  }

  private readChoice(choice: Record<string, unknown>, size: number): void {
    const { delta, finish_reason: finish } = choice;
    if (finish === 'error') {
      throw new UnusableAnswer('Provider.BadResponse', 'error', 'the provider ended with an error');
    }
    const content = isObject(delta) ? contentBytesOf(delta) : 0;
    if (content > 0) {
      if (this.overhead === 0) this.overhead = Math.max(0, size - content);
      this.countContent(content);
    }
    if (typeof finish === 'string') this.finished += 1;
    this.committed ||= content > 0 || typeof finish === 'string';
  }

  private countContent(bytes: number): void {
    this.contents += 1;
    this.contentBytes += Math.max(0, bytes);
  }
}

/** Events that are sent on, as few pieces of the buffers they came in. */
class Runs {
  private readonly whole: Buffer[] = [];
  private open: { readonly buffer: Buffer; readonly from: number; to: number } | undefined;

  get isEmpty(): boolean {
    return this.whole.length === 0 && this.open === undefined;
  }

  add(buffer: Buffer, from: number, to: number): void {
    if (this.open) this.open.to = to;
    else this.open = { buffer, from, to };
  }

  end(): void {
    if (this.open) this.whole.push(this.open.buffer.subarray(this.open.from, this.open.to));
    this.open = undefined;
  }

  bytes(): Buffer {
    this.end();
    const [first] = this.whole;
    return this.whole.length === 1 && first ? first : Buffer.concat(this.whole);
  }
}

/**
 * A chunk that holds a piece of an answer and nothing to look at. Within a text of JSON these words cannot stand, since
 * their quotes would be escaped; whatever is spelled otherwise is parsed.
 */
function isPlainContent(event: string): boolean {
  if (!event.includes('"finish_reason":null') || event.includes('"error"')) return false;
  const usage = event.indexOf('"usage"');
  return usage === -1 || event.startsWith(':null', usage + '"usage"'.length);
}

function parse(data: string): Record<string, unknown> {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    chunk = undefined;
  }
  if (isObject(chunk)) return chunk;
  throw new UnusableAnswer('Provider.BadResponse', 'not_json', 'the stream holds something that is no JSON object');
}
