import type { Json, JsonObject } from '../../../contracts/json';
import { tokensOfAnswer } from '../../../contracts/tokens';
import { parseObject } from '../json';
import type { StreamAccount, StreamPart } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';
import { toldBy, type Told } from './account';
import { choicesIn, empty, mayEndEmpty, type Expected } from './choices';
import { contentBytesOf } from './content';
import { EventSplitter, dataOf } from './events';
import { Runs } from './runs';

const FORWARD = true;
const KEEP_BACK = false;

/**
 * Reads chat completion chunks as they pass. Their bytes are sent on as they came; kept back are only the end mark and
 * chunks without choices that nobody asked for.
 */
export class EventReader {
  private readonly splitter = new EventSplitter();
  private readonly finished = new Set<Json | undefined>();
  private isDone = false;
  private isCommitted = false;
  private contents = 0;
  private contentBytes = 0;
  /** Bytes of a content event beside its content. */
  private overhead = 0;
  private told: Told;
  private id: string | undefined;
  private broken: { readonly error: unknown } | undefined;

  constructor(private readonly expected: Expected) {
    this.told = { model: expected.model, usage: undefined, costUsd: undefined };
  }

  /** What is behind content that was sent on is told by {@link check}. Fails: ErrorInAnswer, UnusableAnswer. */
  push(chunk: Buffer): StreamPart | undefined {
    const runs = new Runs();
    const wasCommitted = this.isCommitted;
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
    return runs.isEmpty ? undefined : { bytes: runs.bytes(), commits: this.isCommitted };
  }

  /** The end mark has come: nothing of the answer comes behind it. */
  get isOver(): boolean {
    return this.isDone;
  }

  /** Fails as {@link push} does, for what was found behind the last part. */
  check(): void {
    if (this.broken) throw this.broken.error;
  }

  /** The stream has ended. Fails: UnusableAnswer where the answer is not whole. */
  end(): StreamPart | undefined {
    const last = this.splitter.hasRest ? this.push(BLANK_LINE) : undefined;
    this.check();
    const ended = this.finished.size;
    if (ended >= this.expected.choices || (this.isDone && ended > 0)) return last;
    throw new UnusableAnswer('Provider.BadResponse', 'truncated', 'the stream ended before the answer did');
  }

  account(requestId: string | undefined): StreamAccount {
    const { id } = this;
    const { model, usage, costUsd } = this.told;
    const received = Math.max(this.contents, tokensOfAnswer(this.contentBytes));
    return { id, model, usage, costUsd, received, requestId };
  }

  private read(buffer: Buffer, from: number, to: number): boolean {
    if (this.isCommitted && this.expected.choices === 1 && isPlainContent(buffer.toString('latin1', from, to))) {
      this.countContent(to - from - this.overhead);
      return FORWARD;
    }
    const data = dataOf(buffer.toString('utf8', from, to));
    if (data === undefined) return this.isCommitted ? FORWARD : KEEP_BACK;
    if (data === '[DONE]') {
      this.isDone = true;
      return KEEP_BACK;
    }
    return this.readChunk(parseObject(data), to - from);
  }

  private readChunk(chunk: JsonObject, size: number): boolean {
    const choices = choicesIn(chunk);
    const { id, usage } = chunk;
    if (typeof id === 'string') this.id ??= id;
    this.told = toldBy(chunk, this.told);
    for (const choice of choices) this.readChoice(choice, size);
    return choices.length > 0 || (this.expected.wantsUsage && usage !== undefined && usage !== null);
  }

  private readChoice({ delta, index, finish_reason: finish }: JsonObject, size: number): void {
    const content = contentBytesOf(delta);
    if (content > 0) {
      if (this.overhead === 0) this.overhead = Math.max(0, size - content);
      this.countContent(content);
    }
    if (typeof finish === 'string') {
      const { choices, mayBeEmpty } = this.expected;
      const isEmpty = this.contents === 0 && !mayBeEmpty && choices === 1 && !mayEndEmpty(finish);
      if (isEmpty) throw empty('the answer is empty');
      this.finished.add(index);
    }
    this.isCommitted ||= content > 0 || typeof finish === 'string';
  }

  private countContent(bytes: number): void {
    this.contents += 1;
    this.contentBytes += Math.max(0, bytes);
  }
}

const BLANK_LINE = Buffer.from('\n\n');

/**
 * A chunk that holds a piece of an answer and nothing to look at. Within a text of JSON these words cannot stand, since
 * their quotes would be escaped; whatever is spelled otherwise is parsed.
 */
function isPlainContent(event: string): boolean {
  if (!event.includes('"finish_reason":null') || event.includes('"error"')) return false;
  const usage = event.indexOf('"usage"');
  return usage === -1 || event.startsWith(':null', usage + '"usage"'.length);
}
