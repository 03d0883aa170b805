import type { JsonObject } from '../../contracts/json';

/**
 * One way to reach models. Adapters hold their keys in a closure: printing or serialising one shows none. Every method
 * makes one HTTP request at most, and fails with a {@link ProviderFailure} or with the reason of an aborted signal.
 */
export interface ModelProvider {
  /** As the configuration calls it. */
  readonly name: string;
  /** Ask, and wait for the whole text. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion>;
  /** Ask in OpenAI's words, whatever the provider speaks, and be answered in them: in one piece or as a stream. */
  readonly chat: Chat;
  /** Embeddings, in OpenAI's words too. */
  embed(body: ModelBody, options: WireOptions): Promise<Embeddings>;
}

/**
 * The body of a request in OpenAI's words. `model` is the name of the model at this provider. `stream` and
 * `stream_options` are set by the options of the call; a provider of another protocol leaves out what it does not know.
 */
export interface ModelBody {
  readonly model: string;
  readonly [field: string]: unknown;
}

export interface WireOptions {
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
}

export interface Chat {
  (body: ModelBody, options: WireOptions & { readonly stream: false }): Promise<WholeChat>;
  /** Resolves when the provider has begun to answer. */
  (body: ModelBody, options: WireOptions & { readonly stream: true }): Promise<ChatStream>;
}

/** What a provider tells of an answer beside its content. */
export interface Account {
  /** The model that answered, which may be a dated version of the one asked. */
  readonly model: string;
  /** Absent: the provider did not say, which is not the same as none. */
  readonly usage?: Usage;
  readonly requestId?: string;
  /** What the provider says it charged, where it says so. */
  readonly costUsd?: number;
}

export interface WholeChat extends Account {
  /** A whole `chat.completion`: as it came, or in translation. */
  readonly body: JsonObject;
  /** Milliseconds from the request to the first event with content; of an answer in one piece, to its first byte. */
  readonly firstEventMs: number;
}

export interface ChatStream {
  /**
   * The events in order, without OpenAI's `[DONE]`. Fails where the answer ends before it is whole; the failure tells
   * whether content had come. Whoever stops reading ends the request.
   */
  readonly events: AsyncIterable<ChatEvent>;
  /** What is known so far; once the events have ended, all of it. */
  account(): StreamAccount;
}

export interface StreamAccount extends Account {
  /** Absent: there was no content yet. */
  readonly firstEventMs?: number;
}

export interface ChatEvent {
  /** A `chat.completion.chunk`. */
  readonly chunk: JsonObject;
  /** The same as it came over the wire, or would have: `data: {…}` and a blank line. */
  readonly raw: string;
  /**
   * `content`: text, reasoning, a refusal, a tool call or an end: from here on nobody else may answer. `usage`: the
   * chunk without choices that only those clients know who asked for it. `nothing`: neither, such as a role.
   */
  readonly bears: 'content' | 'usage' | 'nothing';
}

export interface Embeddings extends Account {
  /** OpenAI's list of embeddings. */
  readonly body: JsonObject;
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
