import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { anthropicTurn, anthropicRefusal, readAnthropic } from './anthropic-wire';
import { openaiTurn, openaiRefusal, readOpenai } from './openai-wire';

/** What the model does next. */
export type Turn =
  | { readonly say: string }
  /** `escalate`: the model says by itself that this needs a permission. */
  | { readonly run: string; readonly background?: boolean; readonly escalate?: boolean }
  | { readonly refuse: number; readonly type: string; readonly message: string }
  /** Take the request and never answer. */
  | 'hang';

export type Script = (asked: Asked) => Turn | Promise<Turn>;

/** One request of an agent, in the words that both wires share. */
export interface Asked {
  /** The texts of the user's messages, in order. */
  readonly texts: readonly string[];
  /** Results of tools it sends back: how far its turn is. */
  readonly toolResults: readonly string[];
  /** The tool that runs a shell command; undefined for requests on the side, such as making a title. */
  readonly shellTool: string | undefined;
}

export interface Seen extends Asked {
  readonly path: string;
  readonly key: string;
}

/** The usage every answer reports. */
export const USAGE = { input: 11, output: 7 } as const;

/**
 * A model behind the two APIs that coding agents speak, Anthropic's Messages and OpenAI's Responses, on loopback.
 * `script` is asked for each request that could run a command; the others get a word.
 */
export class ScriptedApi {
  /** Requests of turns, in order. */
  readonly seen: Seen[] = [];
  /** Everything else that was asked for, as `GET /path`. */
  readonly others: string[] = [];

  private constructor(
    private readonly server: Server,
    private script: Script,
  ) {}

  static async listen(script: Script): Promise<ScriptedApi> {
    const server = createServer();
    const api = new ScriptedApi(server, script);
    server.on('request', (request, response) => void api.answer(request, response));
    // It is given to the agents as their proxy too, so that nothing of them leaves the machine.
    server.on('connect', (request, socket) => {
      api.others.push(`CONNECT ${request.url}`);
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  play(script: Script): void {
    this.script = script;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    const path = new URL(request.url ?? '', this.url).pathname;
    const wire = request.method === 'POST' ? WIRES[path] : undefined;
    if (!wire) {
      this.others.push(`${request.method} ${path}`);
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const asked = wire.read(body);
    if (asked.shellTool !== undefined) this.seen.push({ ...asked, path, key: keyOf(request) });
    const turn = asked.shellTool === undefined ? { say: 'ok' } : await this.script(asked);
    if (turn === 'hang') return;
    if ('refuse' in turn) {
      response.writeHead(turn.refuse, { 'content-type': 'application/json' }).end(JSON.stringify(wire.refusal(turn)));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const events = wire.turn(turn, asked);
    response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  }
}

const WIRES: Readonly<Record<string, Wire>> = {
  '/v1/messages': { read: readAnthropic, turn: anthropicTurn, refusal: anthropicRefusal },
  '/v1/responses': { read: readOpenai, turn: openaiTurn, refusal: openaiRefusal },
};

interface Wire {
  readonly read: (body: Record<string, unknown>) => Asked;
  readonly turn: (turn: Spoken, asked: Asked) => readonly WireEvent[];
  readonly refusal: (turn: Extract<Turn, { refuse: number }>) => unknown;
}

export type Spoken = Extract<Turn, { say: string } | { run: string }>;

/** An event of a stream: both wires name it in its data too. */
export type WireEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
}

function keyOf({ headers }: IncomingMessage): string {
  return String(headers['x-api-key'] ?? headers.authorization ?? '').replace(/^Bearer /, '');
}
