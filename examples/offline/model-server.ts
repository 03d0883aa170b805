import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// The offline model: no model at all, but a script behind the wire protocol of one. A provider's real SDK talks to it
// over loopback HTTP, so that everything but the thinking is as it is with a real one.

export const OFFLINE_MODEL = 'offline-scripted';

export interface OfflineMessage {
  readonly role: string;
  readonly content: string;
}

/** Decides the answer from the messages. What it throws becomes an error of the server. */
export type OfflineScript = (messages: readonly OfflineMessage[]) => string | Promise<string>;

export interface OfflineModelOptions {
  readonly script: OfflineScript;
  /** Any free one by default. */
  readonly port?: number;
}

export interface OfflineModel {
  /** The base address for an OpenAI client, with `/v1`. */
  readonly url: string;
  /** Every chat request so far, oldest first. */
  readonly requests: readonly OfflineRequest[];
  readonly close: () => Promise<void>;
}

export interface OfflineRequest {
  readonly messages: readonly OfflineMessage[];
  readonly stream: boolean;
}

/** Serve a script as an OpenAI-compatible model on loopback. */
export async function startOfflineModel({ script, port = 0 }: OfflineModelOptions): Promise<OfflineModel> {
  const requests: OfflineRequest[] = [];
  const server = createServer((request, response) => {
    handle(request, response, script, requests).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      refuse(response, new Refusal(500, 'server_error', null, `The script of the offline model failed: ${message}`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** An error as OpenAI words it. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    readonly code: string | null,
    message: string,
  ) {
    super(message);
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  script: OfflineScript,
  requests: OfflineRequest[],
): Promise<void> {
  try {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.replace(/\/$/, '');
    if (request.method === 'GET' && path === '/v1/models')
      return send(response, 200, { object: 'list', data: [MODEL] });
    if (request.method === 'GET' && path.startsWith('/v1/models/')) return send(response, 200, modelOf(path));
    if (request.method !== 'POST' || path !== '/v1/chat/completions') {
      throw new Refusal(404, 'invalid_request_error', 'unknown_url', `Unknown request URL: ${request.method} ${path}.`);
    }
    const chat = readChat(await bodyOf(request));
    requests.push({ messages: chat.messages, stream: chat.stream });
    const answer = await script(chat.messages);
    if (chat.stream) return streamAnswer(response, answer, chat);
    send(response, 200, wholeAnswer(answer, chat));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(response, error);
  }
}

const MODEL = { id: OFFLINE_MODEL, object: 'model', created: 0, owned_by: 'gantry examples (scripted, no model)' };

function modelOf(path: string): typeof MODEL {
  demandModel(decodeURIComponent(path.slice('/v1/models/'.length)));
  return MODEL;
}

function demandModel(model: unknown): void {
  if (model === OFFLINE_MODEL) return;
  const message = `The model \`${String(model)}\` does not exist here: this server has ${OFFLINE_MODEL} alone.`;
  throw new Refusal(404, 'invalid_request_error', 'model_not_found', message);
}

interface Chat {
  readonly messages: readonly OfflineMessage[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

function readChat(body: string): Chat {
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

function wholeAnswer(answer: string, chat: Chat): object {
  const message = { role: 'assistant', content: answer, refusal: null };
  return {
    ...envelope('chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(answer, chat),
  };
}

/** Characters to a chunk: small enough for progress to be seen. */
const CHUNK = 48;

function streamAnswer(response: ServerResponse, answer: string, chat: Chat): void {
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

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function refuse(response: ServerResponse, { status, type, code, message }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  send(response, status, { error: { message, type, param: null, code } });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, headers('application/json')).end(JSON.stringify(body));
}

function headers(type: string): Record<string, string> {
  return { 'content-type': type, 'x-request-id': `offline-${randomUUID()}` };
}
