import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

// The chat completions protocol of OpenAI, as far as the offline model speaks it.

export const OFFLINE_MODEL = 'offline-scripted';

export interface OfflineMessage {
  readonly role: string;
  readonly content: string;
}

/** An error as OpenAI words it. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    readonly code: string | null,
    message: string,
  ) {
    super(message);
  }
}

export const MODEL = {
  id: OFFLINE_MODEL,
  object: 'model',
  created: 0,
  owned_by: 'gantry examples (scripted, no model)',
};

/** The model a path names. Fails: {@link Refusal}. */
export function modelOf(path: string): typeof MODEL {
  demandModel(decodeURIComponent(path.slice('/v1/models/'.length)));
  return MODEL;
}

function demandModel(model: unknown): void {
  if (model === OFFLINE_MODEL) return;
  const message = `The model \`${String(model)}\` does not exist here: this server has ${OFFLINE_MODEL} alone.`;
  throw new Refusal(404, 'invalid_request_error', 'model_not_found', message);
}

export interface Chat {
  readonly messages: readonly OfflineMessage[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** The request in a body. Fails: {@link Refusal}. */
export function readChat(body: string): Chat {
  const chat = parseObject(body);
  demandModel(chat['model']);
  const { messages } = chat;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new Refusal(400, 'invalid_request_error', null, "Missing required parameter: 'messages'.");
  }
  const options = chat['stream_options'] as { include_usage?: unknown } | undefined;
  return {
    messages: messages.map(readMessage),
    stream: chat['stream'] === true,
    includeUsage: options?.include_usage === true,
  };
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below, as for every other body that is no object.
  }
  throw new Refusal(400, 'invalid_request_error', null, 'The body of your request is not a JSON object.');
}

/** A message's content is a text, or a list of parts of which the texts count. */
function readMessage(message: { role?: unknown; content?: unknown }): OfflineMessage {
  const parts = Array.isArray(message.content)
    ? (message.content as { text?: unknown }[])
    : [{ text: message.content }];
  const content = parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
  return { role: typeof message.role === 'string' ? message.role : 'user', content };
}

/** The answer in one piece. */
export function wholeAnswer(answer: string, chat: Chat): object {
  const message = { role: 'assistant', content: answer, refusal: null };
  return {
    ...envelope('chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(answer, chat),
  };
}

/** Characters to a chunk: small enough for progress to be seen. */
const CHUNK = 48;

/** The answer as server-sent events. */
export function streamAnswer(response: ServerResponse, answer: string, chat: Chat): void {
  response.writeHead(200, headers('text/event-stream; charset=utf-8'));
  const base = envelope('chat.completion.chunk');
  const write = (choices: object[], usage: object | null) =>
    response.write(`data: ${JSON.stringify({ ...base, choices, ...(chat.includeUsage ? { usage } : {}) })}\n\n`);
  const choice = (delta: object, finish: string | null) => [{ index: 0, delta, logprobs: null, finish_reason: finish }];

  write(choice({ role: 'assistant', content: '' }, null), null);
  for (const piece of pieces(answer)) write(choice({ content: piece }, null), null);
  write(choice({}, 'stop'), null);
  if (chat.includeUsage) write([], usageOf(answer, chat));
  response.end('data: [DONE]\n\n');
}

/** The answer in chunks that cut no character in two. */
function pieces(answer: string): string[] {
  const characters = [...answer];
  const count = Math.ceil(characters.length / CHUNK);
  return Array.from({ length: count }, (_, at) => characters.slice(at * CHUNK, (at + 1) * CHUNK).join(''));
}

function envelope(object: string): object {
  const created = Math.floor(Date.now() / 1000);
  return { id: `chatcmpl-${randomUUID()}`, object, created, model: OFFLINE_MODEL };
}

/** Nothing is counted here: four characters are taken for a token. */
function usageOf(answer: string, { messages }: Chat): object {
  const tokens = (text: string) => Math.ceil(text.length / 4);
  const prompt_tokens = messages.reduce((sum, { content }) => sum + tokens(content), 0);
  const completion_tokens = tokens(answer);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

export function headers(type: string): Record<string, string> {
  return { 'content-type': type, 'x-request-id': `offline-${randomUUID()}` };
}
