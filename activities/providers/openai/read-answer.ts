import type { Json, JsonObject } from '../../../contracts/json';
import type { Account, ChatEvent } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';
import { accountOf, isObject } from './account';

/** An error that a provider sent in the place of an answer, or of a part of it. */
export class ErrorInAnswer extends Error {
  override readonly name = 'ErrorInAnswer';

  constructor(readonly error: JsonObject) {
    super('the provider sent an error in the place of an answer');
  }
}

/** Reads an answer of OpenAI's protocol: whole, or chunk by chunk as it passes. */
export class AnswerReader {
  private told: Pick<Account, 'model' | 'usage' | 'costUsd'>;
  private readonly finished = new Set<Json | undefined>();
  private isDone = false;
  private hasContent = false;

  constructor(
    asked: string,
    private readonly expects: {
      readonly choices: number;
      /** With a stop given, an answer may well end before it begins. */
      readonly mayBeEmpty: boolean;
    },
  ) {
    this.told = { model: asked };
  }

  get account(): Pick<Account, 'model' | 'usage' | 'costUsd'> {
    return this.told;
  }

  /** Read a whole answer. Fails: {@link ErrorInAnswer}, UnusableAnswer. */
  whole(text: string): JsonObject {
    const answer = parse(text);
    const choices = this.choicesIn(answer);
    if (choices.length === 0) throw empty('the answer holds no choice');
    const bears = choices.some(({ message, finish_reason: finish }) => hasContent(message) || mayEndEmpty(finish));
    if (!bears && !this.expects.mayBeEmpty) throw empty('the answer is empty');
    return answer;
  }

  /** Read the data of one event; undefined: it is the end mark. Fails: {@link ErrorInAnswer}, UnusableAnswer. */
  chunk(data: string): Pick<ChatEvent, 'chunk' | 'bears'> | undefined {
    if (data === '[DONE]') {
      this.isDone = true;
      return undefined;
    }
    const chunk = parse(data);
    const choices = this.choicesIn(chunk);
    const bears = choices.map((choice) => this.readChoice(choice)).includes(true);
    if (bears) return { chunk, bears: 'content' };
    return { chunk, bears: choices.length === 0 && isObject(chunk['usage']) ? 'usage' : 'nothing' };
  }

  /** The stream has ended. Fails: UnusableAnswer where the answer is not whole. */
  end(): void {
    const ended = this.finished.size;
    if (ended >= this.expects.choices || (ended > 0 && this.isDone)) return;
    throw new UnusableAnswer('Provider.BadResponse', 'truncated', 'the stream ended before the answer did');
  }

  /** The choices of an answer or of a chunk, and what is told beside them. */
  private choicesIn(answer: JsonObject): JsonObject[] {
    demandNoError(answer);
    const { model, usage } = answer;
    if (typeof model === 'string' && model !== '') this.told = { ...this.told, model };
    // Usage comes on a last chunk without choices, or on any other one.
    this.told = { ...this.told, ...accountOf(usage) };
    const choices = Array.isArray(answer['choices']) ? answer['choices'].filter(isJsonObject) : [];
    choices.forEach((choice) => {
      demandNoError(choice);
      if (choice['finish_reason'] !== 'error') return;
      throw new UnusableAnswer('Provider.BadResponse', 'error', 'the provider ended with an error');
    });
    return choices;
  }

  /** Whether it bears content. */
  private readChoice({ delta, index, finish_reason: finish }: JsonObject): boolean {
    this.hasContent ||= hasContent(delta);
    if (typeof finish !== 'string') return hasContent(delta);
    const { choices, mayBeEmpty } = this.expects;
    if (!this.hasContent && !mayBeEmpty && choices === 1 && !mayEndEmpty(finish)) throw empty('the answer is empty');
    this.finished.add(index);
    return true;
  }
}

/** Reasons to end that explain why there is nothing: the model thought for too long, or was not let. */
function mayEndEmpty(finish: Json | undefined): boolean {
  return finish === 'length' || finish === 'content_filter';
}

const WORDS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;
const OTHERS = ['tool_calls', 'function_call', 'audio', 'images'] as const;

/** Whether a message or a delta says anything. What is no text is content too. */
function hasContent(message: Json | undefined): boolean {
  if (!isJsonObject(message)) return false;
  const says = WORDS.some((name) => typeof message[name] === 'string' && message[name] !== '');
  return says || OTHERS.some((name) => isFilled(message[name])) || isFilled(message['content']);
}

function isFilled(value: Json | undefined): boolean {
  return Array.isArray(value) ? value.length > 0 : isJsonObject(value);
}

function demandNoError(place: JsonObject): void {
  const { error } = place;
  if (place['object'] === 'error') throw new ErrorInAnswer(place);
  if (typeof error === 'string' && error !== '') throw new ErrorInAnswer({ message: error });
  if (isJsonObject(error)) throw new ErrorInAnswer(error);
}

export function parse(text: string): JsonObject {
  let value: Json | undefined;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    value = undefined;
  }
  // Gemini sends its errors in a list.
  const first = Array.isArray(value) ? value[0] : value;
  if (isJsonObject(first)) return first;
  throw new UnusableAnswer('Provider.BadResponse', 'not_json', 'what came is no JSON object');
}

function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value);
}

function empty(message: string): UnusableAnswer {
  return new UnusableAnswer('Provider.BadResponse', 'empty', message);
}
