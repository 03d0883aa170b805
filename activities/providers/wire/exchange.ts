import { factsOfError, type FailureFacts } from '../classify/facts';
import { verdictOf, type Classify } from '../classify/rule';
import type { StreamedAnswer, StreamPart, WireCall } from '../model-provider';
import { ProviderFailure, UnusableAnswer } from '../provider-failure';
import { withoutSecret } from '../without-secret';
import { startDeadlines, type Deadlines } from './deadlines';
import { flat, openWire, type Seen, type Wire } from './wire';

/** Whom a call is made to. */
export interface Party {
  readonly name: string;
  readonly classify: Classify;
  /** The key: some repeat it in their errors, and it must get no further. */
  readonly secret: string | undefined;
}

/**
 * Run one call. Whatever goes wrong comes out as a {@link ProviderFailure}, except the caller's own abort, which is
 * thrown as its reason.
 */
export async function exchange<T>(party: Party, call: WireCall, run: (wire: Wire) => Promise<T>): Promise<T> {
  const made = begin(party, call);
  try {
    return await run(made.wire);
  } catch (thrown) {
    throw made.failureOf(thrown);
  } finally {
    made.deadlines.stop();
  }
}

/** The same for an answer that is read while it comes: the exchange ends with its last part. */
export async function exchangeStream(
  party: Party,
  call: WireCall,
  open: (wire: Wire) => Promise<StreamedAnswer>,
): Promise<StreamedAnswer> {
  const made = begin(party, call);
  try {
    const { parts, account } = await open(made.wire);
    return { parts: untilTheEnd(made, parts), account };
  } catch (thrown) {
    made.deadlines.stop();
    throw made.failureOf(thrown);
  }
}

async function* untilTheEnd(
  { deadlines, failureOf }: Made,
  parts: AsyncIterable<StreamPart>,
): AsyncGenerator<StreamPart> {
  try {
    for await (const part of parts) {
      // Whoever reads slowly is no pause of the provider.
      deadlines.rest();
      yield part;
      deadlines.wake();
    }
    // Given up by the caller while the last part was with it.
    deadlines.signal.throwIfAborted();
  } catch (thrown) {
    throw failureOf(thrown);
  } finally {
    deadlines.stop();
  }
}

interface Made {
  readonly wire: Wire;
  readonly deadlines: Deadlines;
  /** What to throw: the reason of the caller's own abort, or a {@link ProviderFailure}. */
  readonly failureOf: (thrown: unknown) => unknown;
}

function begin(party: Party, { model, timeouts, signal }: WireCall): Made {
  signal.throwIfAborted();
  const deadlines = startDeadlines(timeouts, signal);
  const seen: Seen = { status: 0, headers: {} };
  return {
    wire: openWire(deadlines, seen),
    deadlines,
    failureOf: (thrown) => {
      if (signal.aborted) return signal.reason as unknown;
      const { verdict, facts } = judge(party, thrown, deadlines.expired(), seen);
      return new ProviderFailure(party.name, model, verdict, withoutSecret(facts, party.secret));
    },
  };
}

type Judged = Pick<ProviderFailure, 'verdict' | 'facts'>;

function judge({ classify }: Party, thrown: unknown, expired: string | undefined, seen: Seen): Judged {
  const headers = flat(seen.headers);
  const own = (message: string, code: string): FailureFacts => ({ message, code, headers, causes: [] });
  if (expired) return { verdict: verdictOf('Provider.Timeout'), facts: own(expired, 'timeout') };
  if (thrown instanceof UnusableAnswer) {
    return { verdict: verdictOf(thrown.type, thrown.code), facts: own(thrown.message, thrown.code) };
  }
  const facts = seen.refused ?? factsOfError(thrown, headers);
  return { verdict: classify(facts, Date.now()), facts };
}
