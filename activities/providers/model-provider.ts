import type { JsonObject } from '../../contracts/json';

/** One way to reach models. Adapters hold their keys in a closure: printing or serialising one shows none. */
export interface ModelProvider {
  /** As the configuration calls it. */
  readonly name: string;
  /** Make one request to the provider and wait for the whole answer. Fails: {@link ProviderFailure}. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion>;
}

export interface CompletionRequest {
  readonly model: string;
  readonly system?: string;
  readonly messages: readonly Message[];
  /** JSON Schema the answer has to match, for providers that can hold the model to it. */
  readonly schema?: JsonObject;
  /** The longest answer wanted, tokens; absent: the provider's own limit. */
  readonly maxOutputTokens?: number;
  readonly timeouts: Timeouts;
  /** Called for every piece of the answer with all of it so far. */
  readonly onProgress?: (text: string) => void;
}

export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** Milliseconds: until the first event, between two signs of life after it, and for all of it. */
export interface Timeouts {
  readonly firstEventMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface Completion {
  readonly text: string;
  /** The model that answered, which may be a dated version of the one asked. */
  readonly model: string;
  readonly usage: Usage;
  readonly requestId?: string;
  /** What the provider says it charged, where it says so. */
  readonly costUsd?: number;
}

/** Tokens. `input` includes those read from and written to a cache. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}
