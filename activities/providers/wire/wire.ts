import type { Readable } from 'node:stream';
import { fetch as fetchOver, type Dispatcher } from 'undici';
import { factsOfResponse, type FailureFacts } from '../classify/facts';
import type { Deadlines } from './deadlines';
import { DISPATCHER } from './dispatcher';

/** The wire of one call, seen from below whoever speaks a protocol over it. */
export interface Wire {
  readonly signal: AbortSignal;
  /** The bytes of a good answer, as they come. Tell of them with {@link alive}. */
  readonly post: (to: Address, body: Buffer, refuses: RegExp) => Promise<Readable>;
  /** For an SDK: what it hides (headers, error bodies, keep-alives, web pages) is seen here. */
  readonly fetch: (refuses: RegExp) => (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Something came. */
  readonly alive: () => void;
  /** Content came: from now on the pauses count. */
  readonly begun: () => void;
  /** The last byte came: nothing of the request is left to end. */
  readonly whole: () => void;
  /** A good status, and yet no answer: the body is classified as any other error is. */
  readonly refuse: (body: string) => Error;
  readonly requestId: () => string | undefined;
}

export interface Address {
  /** `https://api.openai.com` */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Content types that cannot be a stream of events or of lines. */
export const NO_STREAM = /text\/html|application\/json/;
/** Content types that cannot be an answer in one piece. */
export const NO_OBJECT = /text\/(html|event-stream)/;

/** What went over the wire. */
export interface Seen {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  refused?: FailureFacts;
}

/** How much of the body of an error is read, bytes. */
const ERROR_LIMIT = 64 * 1024;

export function openWire({ signal, alive, begun, whole }: Deadlines, seen: Seen): Wire {
  const refuse = (body: string): Error => {
    seen.refused = factsOfResponse(seen.status, flat(seen.headers), body);
    return new Error(seen.refused.message);
  };
  const isGood = (status: number, headers: Seen['headers'], refuses: RegExp): boolean => {
    seen.status = status;
    seen.headers = headers;
    return status >= 200 && status < 300 && !refuses.test(String(headers['content-type'] ?? ''));
  };
  return {
    signal,
    alive,
    begun,
    whole,
    refuse,
    requestId: () => requestIdIn(seen.headers),
    post: async ({ origin, path, headers }, body, refuses) => {
      const response = await DISPATCHER.request({ origin, path, method: 'POST', headers, body, signal });
      if (!isGood(response.statusCode, response.headers, refuses)) throw refuse(await head(response.body));
      return response.body;
    },
    fetch: (refuses) => async (url, init) => {
      const response = await fetchOver(url instanceof Request ? url.url : url, {
        ...methodOf(init),
        ...{ signal, dispatcher: DISPATCHER },
      });
      const { status, statusText, headers } = response;
      if (!isGood(status, Object.fromEntries(headers), refuses)) throw refuse(await head(response.body ?? []));
      const body = response.body && ReadableStream.from(pulsed(response.body, alive));
      return new Response(body, { status, statusText, headers: [...headers] });
    },
  };
}

/** Names are lower-case. */
export function flat(headers: Seen['headers']): Record<string, string> {
  const flattened: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flattened[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flattened;
}

function requestIdIn(headers: Seen['headers']): string | undefined {
  const id = headers['request-id'] ?? headers['x-request-id'];
  return Array.isArray(id) ? id[0] : id;
}

/** What SDKs say of a request; all of them send text. */
function methodOf(init: RequestInit = {}): { method?: string; headers?: Record<string, string>; body?: string } {
  const { method, headers, body } = init;
  return {
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers: Object.fromEntries(new Headers(headers)) }),
    ...(typeof body === 'string' ? { body } : {}),
  };
}

/** The same bytes, telling of each chunk that passes. */
async function* pulsed(body: AsyncIterable<Uint8Array>, alive: () => void): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    alive();
    yield chunk;
  }
}

async function head(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= ERROR_LIMIT) break;
  }
  return text;
}
