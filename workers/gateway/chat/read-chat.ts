import type { WireRequest } from '../../../activities/providers/model-provider';
import { badRequest } from '../errors';
import { estimateTokens } from '../estimate';
import { isObject, readJsonObject } from '../json';

/** A chat completion as a client asks for it. What is not read here goes on as it is. */
export interface ChatRequest extends WireRequest {
  /** Undefined: the rules decide. */
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Estimates, tokens; of all choices together. */
  readonly inputTokens: number;
  readonly maxOutputTokens: number | undefined;
}

/** As OpenAI has it. */
const MOST_CHOICES = 128;

/** The name that leaves the choice to the rules of the configuration. */
export const AUTO = 'auto';

/** Read the body of a chat completion. Fails: ApiError 400. */
export function readChat(given: unknown): ChatRequest {
  const { raw, body } = readJsonObject(given);
  const { messages, stream } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw badRequest('`messages` must be a list of at least one message.', 'messages');
  }
  if (!messages.every(isObject)) throw badRequest('Each of `messages` must be an object.', 'messages');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    throw badRequest('`stream` must be true or false.', 'stream');
  }
  const choices = wholeNumber(body, 'n', MOST_CHOICES) ?? 1;
  demandOptionsOfStream(body, stream === true);
  const longest = wholeNumber(body, 'max_completion_tokens') ?? wholeNumber(body, 'max_tokens');
  return {
    raw,
    body,
    model: readModel(body),
    stream: stream === true,
    inputTokens: estimateTokens(raw, body),
    maxOutputTokens: longest === undefined ? undefined : longest * choices,
  };
}

/** Absent or `auto`: the rules decide. Fails: ApiError 400. */
export function readModel({ model }: Readonly<Record<string, unknown>>): string | undefined {
  if (model === undefined || model === null || model === AUTO) return undefined;
  if (typeof model === 'string' && model !== '') return model;
  throw badRequest('`model` must be the name of a model. GET /v1/models lists them.', 'model');
}

function demandOptionsOfStream({ stream_options: options }: WireRequest['body'], stream: boolean): void {
  if (options === undefined || options === null) return;
  if (!isObject(options)) throw badRequest('`stream_options` must be an object.', 'stream_options');
  if (!stream) throw badRequest('`stream_options` is only for a stream: set `stream` to true.', 'stream_options');
}

function wholeNumber(body: Readonly<Record<string, unknown>>, name: string, most?: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= (most ?? Infinity);
  if (fits) return value;
  throw badRequest(`\`${name}\` must be a whole number, 1 ${most === undefined ? 'or more' : `to ${most}`}.`, name);
}
