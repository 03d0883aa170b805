import { factsOfError, factsOfResponse, type FailureFacts } from '../../../activities/providers/classify/facts';
import { verdictOf, type Classify } from '../../../activities/providers/classify/rule';
import type { Deadlines } from '../../../activities/providers/deadlines';
import { ProviderFailure, UnusableAnswer } from '../../../activities/providers/provider-failure';
import { withoutSecret } from '../../../activities/providers/without-secret';
import { ErrorInStream } from './read-events';

/** What a failure is told by: who was asked, and what came back before it. */
export interface Exchange {
  readonly provider: string;
  readonly model: string;
  readonly classify: Classify;
  readonly signal: AbortSignal;
  readonly deadlines: Deadlines;
  /** The provider's key: some servers repeat it in their errors, and clients see those. */
  readonly secret: string | undefined;
  headers: Readonly<Record<string, string>>;
}

/** An answer that is no answer: an error, a web page. */
export class RefusedAnswer extends Error {
  override readonly name = 'RefusedAnswer';

  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`HTTP ${status}`);
  }
}

/** What to throw for what went wrong: the reason of the caller's own abort, or a ProviderFailure. */
export function failureOf(exchange: Exchange, thrown: unknown): unknown {
  const { provider, model, classify, signal, deadlines, headers, secret } = exchange;
  if (signal.aborted) return signal.reason;
  const own = (message: string, code: string): FailureFacts => ({ message, code, headers, causes: [] });
  const expired = deadlines.expired();
  if (expired !== undefined) {
    return new ProviderFailure(provider, model, verdictOf('Provider.Timeout'), own(expired, 'timeout'));
  }
  if (thrown instanceof UnusableAnswer) {
    return new ProviderFailure(provider, model, verdictOf(thrown.type, thrown.code), own(thrown.message, thrown.code));
  }
  if (thrown instanceof RangeError) {
    const facts = own(thrown.message, 'too_long');
    return new ProviderFailure(provider, model, verdictOf('Provider.BadResponse'), facts);
  }
  const facts = withoutSecret(factsOf(thrown, headers), secret);
  return new ProviderFailure(provider, model, classify(facts, Date.now()), facts);
}

function factsOf(thrown: unknown, headers: Readonly<Record<string, string>>): FailureFacts {
  if (thrown instanceof RefusedAnswer) return factsOfResponse(thrown.status, headers, thrown.body);
  if (thrown instanceof ErrorInStream) return factsOfError({ error: thrown.error }, headers);
  return factsOfError(thrown, headers);
}
