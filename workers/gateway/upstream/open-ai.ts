import type { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import { classifyOpenAi } from '../../../activities/providers/classify/openai';
import { startDeadlines } from '../../../activities/providers/deadlines';
import { UnusableAnswer } from '../../../activities/providers/provider-failure';
import { isObject } from '../json';
import { accountOf } from './account';
import { RefusedAnswer, failureOf, type Exchange } from './exchange';
import { EventReader } from './read-events';
import { bodyFor } from './rewrite';
import type { StreamPart, StreamedAnswer, Upstream, UpstreamCall, UpstreamRequest, WholeAnswer } from './upstream';

export interface OpenAiUpstreamOptions {
  readonly provider: string;
  /** With the version, as OpenAI's own: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly organization?: string;
  readonly project?: string;
}

/** More than this wait for a connection of the pool. */
const CONNECTIONS = 512;

/** A server of OpenAI's own protocol: what the client sends goes on as it is, and so does what comes back. */
export function createOpenAiUpstream(options: OpenAiUpstreamOptions): Upstream {
  const { provider, apiKey: secret } = options;
  const from = { provider, secret };
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  // The clocks of a call are started for each call: the pool's own are off.
  const pool = new Pool(base.origin, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
  const headers = headersOf(options);
  const send = (path: string, body: Buffer, signal: AbortSignal): Promise<Dispatcher.ResponseData> =>
    pool.request({ method: 'POST', path: prefix + path, headers, body, signal });

  const whole = (path: string, isAnswer: (answer: Record<string, unknown>) => boolean) => {
    return (request: UpstreamRequest, call: UpstreamCall): Promise<WholeAnswer> =>
      within(from, call, async (exchange) => {
        const body = bodyFor(request.raw, request.body, { model: call.model });
        const response = await send(path, body, exchange.deadlines.signal);
        await demandAnswer(exchange, response, /^application\/json\b/);
        const bytes = Buffer.from(await response.body.arrayBuffer());
        return { bytes, ...readWhole(bytes, response.statusCode, call.model, isAnswer) };
      });
  };
  return {
    provider,
    complete: whole('/chat/completions', ({ choices }) => Array.isArray(choices) && choices.length > 0),
    embed: whole('/embeddings', ({ data }) => Array.isArray(data)),
    async stream(request, call) {
      const exchange = begin(from, call);
      try {
        const body = bodyFor(request.raw, request.body, { model: call.model, includeUsage: true });
        const response = await send('/chat/completions', body, exchange.deadlines.signal);
        await demandAnswer(exchange, response, /^text\/event-stream\b/);
        return streamed(exchange, response.body, request);
      } catch (error) {
        exchange.deadlines.stop();
        throw failureOf(exchange, error);
      }
    },
    close: () => pool.close(),
  };
}

function headersOf({ apiKey, organization, project }: OpenAiUpstreamOptions): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'user-agent': 'gantry',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    ...(organization !== undefined && { 'openai-organization': organization }),
    ...(project !== undefined && { 'openai-project': project }),
  };
}

type From = Pick<Exchange, 'provider' | 'secret'>;

function begin(from: From, { model, timeouts, signal }: UpstreamCall): Exchange {
  signal.throwIfAborted();
  const deadlines = startDeadlines(timeouts, signal);
  return { ...from, model, classify: classifyOpenAi, signal, deadlines, headers: {} };
}

async function within<T>(from: From, call: UpstreamCall, run: (exchange: Exchange) => Promise<T>): Promise<T> {
  const exchange = begin(from, call);
  try {
    return await run(exchange);
  } catch (error) {
    throw failureOf(exchange, error);
  } finally {
    exchange.deadlines.stop();
  }
}

const ERROR_LIMIT = 64 * 1024;

/** Fails: RefusedAnswer for everything but a good answer of that type. */
async function demandAnswer(exchange: Exchange, response: Dispatcher.ResponseData, type: RegExp): Promise<void> {
  const { statusCode, headers, body } = response;
  const contentType = headers['content-type'];
  if (statusCode >= 200 && statusCode < 300 && typeof contentType === 'string' && type.test(contentType)) return;
  exchange.headers = flat(headers);
  throw new RefusedAnswer(statusCode, await head(body));
}

function flat(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, string>;
}

async function head(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= ERROR_LIMIT) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readWhole(
  bytes: Buffer,
  status: number,
  asked: string,
  isAnswer: (answer: Record<string, unknown>) => boolean,
): Omit<WholeAnswer, 'bytes'> {
  const text = bytes.toString('utf8');
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new UnusableAnswer('Provider.BadResponse', 'not_json', 'the answer is no JSON');
  }
  // Some send an error with status 200.
  if (!isObject(answer) || (answer['error'] !== undefined && answer['error'] !== null)) {
    throw new RefusedAnswer(status, text);
  }
  if (!isAnswer(answer)) throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer holds nothing');
  const { model, usage } = answer;
  return { model: typeof model === 'string' && model !== '' ? model : asked, ...accountOf(usage) };
}

function streamed(exchange: Exchange, body: Readable, request: UpstreamRequest): StreamedAnswer {
  const { model, deadlines } = exchange;
  const reader = new EventReader({ model, choices: request.choices, wantsUsage: request.wantsUsage });
  return { parts: read(), account: () => reader.account() };

  async function* read(): AsyncGenerator<StreamPart> {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        deadlines.alive();
        const part = reader.push(chunk);
        if (part === undefined) continue;
        if (part.commits) deadlines.begun();
        // A client that reads slowly is no pause of the provider.
        deadlines.rest();
        yield part;
        deadlines.wake();
        reader.check();
      }
      const last = reader.end();
      if (last) yield last;
    } catch (error) {
      throw failureOf(exchange, error);
    } finally {
      deadlines.stop();
    }
  }
}
