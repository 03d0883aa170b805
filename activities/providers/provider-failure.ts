import type { ErrorType } from '../../contracts/errors';
import type { FailureFacts } from './classify/facts';
import type { Verdict } from './classify/rule';

export type ProviderErrorType = Exclude<
  Extract<ErrorType, `Provider.${string}`>,
  'Provider.None' | 'Provider.Unavailable'
>;

/** Why a provider gave no answer. Stays inside this room: `callModel` makes an `ApplicationFailure` of it. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';

  constructor(
    readonly provider: string,
    readonly model: string,
    readonly verdict: Verdict,
    readonly facts: FailureFacts,
  ) {
    super(`${provider}/${model}: ${facts.message}`);
  }
}

/** An adapter's own judgement of an answer it received: nothing there to classify. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';

  constructor(
    readonly type: ProviderErrorType,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
