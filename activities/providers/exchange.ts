import { fetch as fetchOver, request } from 'undici';
import { factsOfError, factsOfResponse, type FailureFacts } from './classify/facts';
import { verdictOf, type Classify } from './classify/rule';
import { startDeadlines, type Deadlines } from './deadlines';
import { DISPATCHER } from './dispatcher';
import type { ChatEvent, Timeouts } from './model-provider';
import { ProviderFailure, UnusableAnswer } from './provider-failure';
import { withoutSecret } from './without-secret';

/** One HTTP exchange with a provider, seen from below the SDK. */
export interface Exchange {
  readonly signal: AbortSignal;
  /** Give this to the SDK: what it hides (headers, error bodies, keep-alives, web pages) is seen here. */
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** The same without an SDK: the bytes of a good answer, as they come. */
  readonly post: (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ) => Promise<AsyncIterable<Uint8Array>>;
  /** The SDK's stream, timed. Ends with a failure where the SDK ends an aborted stream as if it were complete. */
  readonly events: <T>(stream: AsyncIterable<T>) => AsyncIterable<T>;
  /** A good status, and yet no answer: the body is classified as any other error is. */
  readonly refuse: (body: string) => Error;
  readonly requestId: () => string | undefined;
}

export interface ExchangeOf {
  readonly provider: string;
  readonly classify: Classify;
  /** Content types that cannot be the answer asked for. */
  readonly refuses: RegExp;
  /** The key: some repeat it in their errors, and it must get no further. */
  readonly secret: string | undefined;
}

export interface AskedOf {
  readonly model: string;
  readonly timeouts: Timeouts;
}

const BODY_LIMIT = 64 * 1024;

/**
 * Run one call. Whatever goes wrong comes out as a {@link ProviderFailure}, except the caller's own abort, which is
 * thrown as its reason.
 */
export async function exchange<T>(
  of: ExchangeOf,
  asked: AskedOf,
  signal: AbortSignal,
  call: (wire: Exchange) => Promise<T>,
): Promise<T> {
  const run = begin(of, asked, signal);
  try {
    return await call(run.wire);
  } catch (thrown) {
    throw run.failureOf(thrown, false);
  } finally {
    run.deadlines.stop();
  }
}

/** The same for an answer that is read while it comes: the exchange ends with its last event. */
export async function exchangeStream(
  of: ExchangeOf,
  asked: AskedOf,
  signal: AbortSignal,
  open: (wire: Exchange) => Promise<AsyncIterable<ChatEvent>>,
): Promise<AsyncIterable<ChatEvent>> {
  const run = begin(of, asked, signal);
  try {
    return untilTheEnd(run, await open(run.wire));
  } catch (thrown) {
    run.deadlines.stop();
    throw run.failureOf(thrown, false);
  }
}

async function* untilTheEnd(run: Run, events: AsyncIterable<ChatEvent>): AsyncGenerator<ChatEvent> {
  let committed = false;
  try {
    for await (const event of events) {
      committed ||= event.bears === 'content';
      run.deadlines.rest();
      yield event;
      run.deadlines.wake();
    }
    // Given up by the caller while the last event was with it.
    run.deadlines.signal.throwIfAborted();
  } catch (thrown) {
    throw run.failureOf(thrown, committed);
  } finally {
    run.deadlines.stop();
  }
}

interface Run {
  readonly wire: Exchange;
  readonly deadlines: Deadlines;
  /** What to throw: the reason of the caller's own abort, or a {@link ProviderFailure}. */
  readonly failureOf: (thrown: unknown, committed: boolean) => unknown;
}

/** What went over the wire. */
interface Seen {
  status: number;
  headers: Record<string, string>;
  refused?: FailureFacts;
}

function begin(of: ExchangeOf, { model, timeouts }: AskedOf, signal: AbortSignal): Run {
  signal.throwIfAborted();
  const deadlines = startDeadlines(timeouts, signal);
  const seen: Seen = { status: 0, headers: {} };
  return {
    wire: openExchange(of, deadlines, seen),
    deadlines,
    failureOf: (thrown, committed) => {
      if (signal.aborted) return signal.reason as unknown;
      const { verdict, facts } = judge(of, thrown, deadlines.expired(), seen);
      return new ProviderFailure(of.provider, model, verdict, withoutSecret(facts, of.secret), committed);
    },
  };
}

function openExchange(of: ExchangeOf, deadlines: Deadlines, seen: Seen): Exchange {
  const { signal } = deadlines;
  const refuse = (body: string): Error => {
    seen.refused = factsOfResponse(seen.status, seen.headers, body);
    return new Error(seen.refused.message);
  };
  const see = async (status: number, headers: Record<string, string>, body: () => Promise<string>): Promise<void> => {
    Object.assign(seen, { status, headers });
    const isGood = status >= 200 && status < 300 && !of.refuses.test(headers['content-type'] ?? '');
    if (!isGood) throw refuse(await body());
  };
  return {
    signal,
    refuse,
    fetch: async (url, init) => {
      const response = await fetchOver(url instanceof Request ? url.url : url, {
        ...methodOf(init),
        ...{ signal, dispatcher: DISPATCHER },
      });
      await see(response.status, Object.fromEntries(response.headers), () => head(response.body ?? []));
      const { status, statusText, headers } = response;
      const body = response.body && ReadableStream.from(pulsed(response.body, deadlines.alive));
      return new Response(body, { status, statusText, headers: [...headers] });
    },
    post: async (url, headers, body) => {
      const response = await request(url, { method: 'POST', headers, body, signal, dispatcher: DISPATCHER });
      await see(response.statusCode, flat(response.headers), () => head(response.body));
      return pulsed(response.body, deadlines.alive);
    },
    events: (stream) => timed(stream, deadlines),
    requestId: () => requestIdIn(seen.headers),
  };
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

async function* timed<T>(stream: AsyncIterable<T>, deadlines: Deadlines): AsyncIterable<T> {
  for await (const event of stream) {
    deadlines.begun();
    yield event;
  }
  deadlines.signal.throwIfAborted();
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
    if (text.length >= BODY_LIMIT) break;
  }
  return text;
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flattened: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flattened[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flattened;
}

type Judged = Pick<ProviderFailure, 'verdict' | 'facts'>;

function judge(of: ExchangeOf, thrown: unknown, expired: string | undefined, seen: Seen): Judged {
  const own = (message: string, code: string): FailureFacts => ({ message, code, headers: seen.headers, causes: [] });
  if (expired) return { verdict: verdictOf('Provider.Timeout'), facts: own(expired, 'timeout') };
  if (thrown instanceof UnusableAnswer) {
    return { verdict: verdictOf(thrown.type, thrown.code), facts: own(thrown.message, thrown.code) };
  }
  const facts = seen.refused ?? factsOfError(thrown, seen.headers);
  return { verdict: of.classify(facts, Date.now()), facts };
}

export function requestIdIn(headers: Readonly<Record<string, string>>): string | undefined {
  return headers['request-id'] ?? headers['x-request-id'];
}
