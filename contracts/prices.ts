import type { Candidate } from './models';
import type { NanoDollars } from './money';

/** Tokens. `input` includes those read from and written to a cache. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** What models cost. Undefined always means that nobody knows, which is not nothing. */
export interface PriceBook {
  /** Said in so many words to cost nothing: a local model, a stand-in. */
  isFree(candidate: Candidate): boolean;
  /** What a call costs, with all of its input at the full price; rounded up. */
  estimate(
    candidate: Candidate,
    tokens: { readonly input: number; readonly output: number },
    at: number,
  ): NanoDollars | undefined;
  /** What a call cost: what the provider said, else by the model that answered, else by the one that was asked. */
  cost(
    candidate: Candidate,
    answered: { readonly model: string; readonly usage: TokenUsage; readonly costUsd?: number },
    at: number,
  ): NanoDollars | undefined;
}
