import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from './wait-until';

/** What the server does with one request. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written one after the other; each is flushed before the next. */
  readonly chunks?: readonly string[];
  /** What a character of a chunk is; UTF-8 when absent. With latin1 a chunk may end within a character. */
  readonly encoding?: 'utf8' | 'latin1';
  /** Behind so many chunks the rest waits, and so does the end. */
  readonly after?: { readonly chunks: number; readonly wait: Promise<void> };
  /** After the chunks: end well, cut the connection, or say nothing more. */
  readonly then?: 'end' | 'reset' | 'stall';
  /** Milliseconds to say nothing at all before the headers. */
  readonly silentMs?: number;
  /** While it stalls: written over and over, as keep-alives are. */
  readonly pulse?: { readonly chunk: string; readonly everyMs: number };
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  /** Whether the client went away before the answer was whole. */
  aborted: boolean;
}

export interface ScriptedUpstream {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Add replies to the queue; a request without one gets a 418. */
  readonly reply: (...replies: Reply[]) => void;
  /** Resolves when the client of that request has gone before its answer was whole. */
  readonly gone: (index: number) => Promise<void>;
  /** How many connections were made to it. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** A real HTTP server on loopback that answers what it is told to. */
export async function startUpstream(): Promise<ScriptedUpstream> {
  const queue: Reply[] = [];
  const requests: SeenRequest[] = [];
  let connections = 0;
  const server = createServer((request, response) => void serve(request, response, queue, requests));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    reply: (...replies) => void queue.push(...replies),
    gone: async (index) => void (await waitUntil(() => requests[index]?.aborted)),
    connections: () => connections,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, queue: Reply[], requests: SeenRequest[]) {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const seen: SeenRequest = {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    aborted: false,
  };
  requests.push(seen);
  response.on('close', () => (seen.aborted = !response.writableFinished));
  const reply: Reply = queue.shift() ?? { status: 418 };
  const {
    status = 200,
    headers = {},
    chunks = [],
    encoding = 'utf8',
    after,
    then = 'end',
    silentMs = 0,
    pulse,
  } = reply;
  if (silentMs > 0) await sleep(silentMs);
  response.writeHead(status, headers);
  response.flushHeaders();
  for (const [index, chunk] of chunks.entries()) {
    if (index === after?.chunks) await after.wait;
    await new Promise((resolve) => response.write(chunk, encoding, resolve));
  }
  if (after?.chunks === chunks.length) await after.wait;
  if (then === 'end') response.end();
  if (then === 'stall' && pulse) {
    const beats = setInterval(() => response.write(pulse.chunk), pulse.everyMs);
    response.on('close', () => clearInterval(beats));
  }
  if (then === 'reset') request.socket.resetAndDestroy();
}
