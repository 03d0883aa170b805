import { factsOfError, factsOfResponse, type FailureFacts } from './classify/facts';
import { verdictOf, type Classify } from './classify/rule';
import { startDeadlines, type Deadlines } from './deadlines';
import type { Completion, CompletionRequest } from './model-provider';
import { ProviderFailure, UnusableAnswer } from './provider-failure';

/** One HTTP exchange with a provider, seen from below the SDK. */
export interface Exchange {
  readonly signal: AbortSignal;
  /** Give this to the SDK: what it hides (headers, error bodies, keep-alives, web pages) is seen here. */
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** The SDK's stream, timed. Ends with a failure where the SDK ends an aborted stream as if it were complete. */
  readonly events: <T>(stream: AsyncIterable<T>) => AsyncIterable<T>;
  readonly requestId: () => string | undefined;
}

export interface ExchangeOf {
  readonly provider: string;
  readonly classify: Classify;
  /** Content types that cannot be the stream asked for. */
  readonly refuses: RegExp;
}

const BODY_LIMIT = 64 * 1024;

/**
 * Run one call of an SDK. Whatever goes wrong comes out as a {@link ProviderFailure}, except the caller's own abort,
 * which is thrown as its reason.
 */
export async function exchange(
  of: ExchangeOf,
  request: CompletionRequest,
  signal: AbortSignal,
  call: (wire: Exchange) => Promise<Completion>,
): Promise<Completion> {
  signal.throwIfAborted();
  const deadlines = startDeadlines(request.timeouts, signal);
  const seen: Seen = { headers: {} };
  try {
    return await call(openExchange(of, deadlines, seen));
  } catch (thrown) {
    signal.throwIfAborted();
    throw failureOf(of, request.model, thrown, deadlines.expired(), seen);
  } finally {
    deadlines.stop();
  }
}

/** What went over the wire. */
interface Seen {
  headers: Record<string, string>;
  refused?: FailureFacts;
}

function openExchange(of: ExchangeOf, deadlines: Deadlines, seen: Seen): Exchange {
  return {
    signal: deadlines.signal,
    fetch: async (url, init) => {
      const response = await fetch(url, { ...init, signal: deadlines.signal });
      seen.headers = Object.fromEntries(response.headers);
      if (!response.ok || of.refuses.test(seen.headers['content-type'] ?? '')) {
        seen.refused = factsOfResponse(response.status, seen.headers, await head(response));
        throw new Error(seen.refused.message);
      }
      return withPulse(response, deadlines.alive);
    },
    events: (stream) => timed(stream, deadlines),
    requestId: () => requestIdIn(seen.headers),
  };
}

async function* timed<T>(stream: AsyncIterable<T>, deadlines: Deadlines): AsyncIterable<T> {
  for await (const event of stream) {
    deadlines.begun();
    yield event;
  }
  deadlines.signal.throwIfAborted();
}

/** The same response, telling of each chunk that passes. */
function withPulse(response: Response, alive: () => void): Response {
  if (!response.body) return response;
  const pulse = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      alive();
      controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(pulse), { status, statusText, headers });
}

async function head(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length >= BODY_LIMIT) break;
  }
  return text;
}

function failureOf(of: ExchangeOf, model: string, thrown: unknown, expired: string | undefined, seen: Seen) {
  const fail = (verdict: ProviderFailure['verdict'], facts: FailureFacts) =>
    new ProviderFailure(of.provider, model, verdict, facts);
  if (expired) return fail(verdictOf('Provider.Timeout'), ownFacts(expired, 'timeout', seen));
  if (thrown instanceof UnusableAnswer) {
    return fail(verdictOf(thrown.type, thrown.code), ownFacts(thrown.message, thrown.code, seen));
  }
  const facts = seen.refused ?? factsOfError(thrown, seen.headers);
  return fail(of.classify(facts, Date.now()), facts);
}

function ownFacts(message: string, code: string, seen: Seen): FailureFacts {
  return { message, code, headers: seen.headers, causes: [] };
}

export function requestIdIn(headers: Readonly<Record<string, string>>): string | undefined {
  return headers['request-id'] ?? headers['x-request-id'];
}
