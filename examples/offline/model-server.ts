import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  headers,
  MODEL,
  modelOf,
  readChat,
  Refusal,
  streamAnswer,
  wholeAnswer,
  type OfflineMessage,
} from './chat-wire';

// The offline model: no model at all, but a script behind the wire protocol of one. A provider's real SDK talks to it
// over loopback HTTP, so that everything but the thinking is as it is with a real one.

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
