import type { JsonObject } from '../../contracts/json';

/**
 * One way to reach models, whatever the provider speaks. Adapters hold their keys in a closure: printing or serialising
 * one shows none. Every method makes one HTTP request at most, keeps to what the configuration limits, and fails with a
 * {@link ProviderFailure} or with the reason of an aborted signal.
 */
export interface ModelProvider {
  /** As the configuration calls it. */
  readonly name: string;
  /** Ask for a text, and wait for all of it. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion>;
  /** Ask for a chat completion in OpenAI's words, and be answered in them, in one piece. */
  chat(request: WireRequest, call: WireCall): Promise<WholeAnswer>;
  /** The same as a stream. Resolves when the provider has begun to answer. */
  stream(request: WireRequest, call: WireCall): Promise<StreamedAnswer>;
  /** Ask for embeddings, in OpenAI's words too. */
  embed(request: WireRequest, call: WireCall): Promise<WholeAnswer>;
}

/**
 * A request in OpenAI's words: as bytes, which go on as they came wherever nothing has to be changed, and parsed once.
 * A provider of another protocol leaves out what it does not know, and refuses what it must not leave out.
 */
export interface WireRequest {
  readonly raw: Buffer;
  /** What `raw` parses to. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface WireCall {
  /** The name of the model at this provider, whatever the body names. */
  readonly model: string;
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
}

/** What a provider tells of an answer beside its content. */
export interface Account {
  /** The model that answered, which may be a dated version of the one asked. */
  readonly model: string;
  /** Undefined: the provider did not say, which is not the same as none. */
  readonly usage: Usage | undefined;
  readonly requestId: string | undefined;
  /** What the provider says it charged, where it says so. */
  readonly costUsd: number | undefined;
}

export interface WholeAnswer extends Account {
  /** As it came, or in translation. */
  readonly bytes: Buffer;
  /** What `bytes` parses to: a `chat.completion`, or a list of embeddings. */
  readonly body: JsonObject;
}

export interface StreamedAnswer {
  /**
   * Without OpenAI's `[DONE]`, which whoever writes the stream sets, and without the chunk of usage where the request
   * does not ask for it: many clients fail on that. Fails where the answer ends before it is whole. Whoever stops
   * reading ends the request.
   */
  readonly parts: AsyncIterable<StreamPart>;
  /** What is known so far; once the parts have ended, all of it. */
  account(): StreamAccount;
}

/** Some whole events of a stream, each a `chat.completion.chunk`, as they came over the wire or would have. */
export interface StreamPart {
  readonly bytes: Buffer;
  /** Text, reasoning, a refusal, a tool call or an end has come: from here on nobody else may answer. */
  readonly commits: boolean;
}

export interface StreamAccount extends Account {
  /** Tokens received, estimated: where an answer is cut nobody tells how many they were. */
  readonly received: number;
  /** The id that all of its chunks carry, once there is one. */
  readonly id: string | undefined;
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

/** Milliseconds: until the first event with content, between two signs of life after it, and for all of it. */
export interface Timeouts {
  readonly firstEventMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface Completion extends Account {
  readonly text: string;
}

/** Tokens. `input` includes those read from and written to a cache. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}
