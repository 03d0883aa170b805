import type { Timeouts, Usage } from '../../../activities/providers/model-provider';

/**
 * How the gateway reaches one provider. What comes back is in OpenAI's shape, whatever the provider speaks. Every method
 * makes one HTTP request and fails with a ProviderFailure, or with the reason of an aborted signal.
 */
export interface Upstream {
  readonly provider: string;
  complete(request: UpstreamRequest, call: UpstreamCall): Promise<WholeAnswer>;
  /** Resolves with the headers of the answer; its events come as they are read. */
  stream(request: UpstreamRequest, call: UpstreamCall): Promise<StreamedAnswer>;
  embed(request: UpstreamRequest, call: UpstreamCall): Promise<WholeAnswer>;
  close(): Promise<void>;
}

/** What a client sent: as bytes, to be sent on as they are, and parsed once. */
export interface UpstreamRequest {
  readonly raw: Buffer;
  readonly body: Readonly<Record<string, unknown>>;
  /** Answers asked for: each ends for itself. */
  readonly choices: number;
  /** The client wants to be told of usage at the end of a stream. */
  readonly wantsUsage: boolean;
}

export interface UpstreamCall {
  /** The name of the model at this provider. */
  readonly model: string;
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
}

export interface WholeAnswer extends Account {
  /** The body as it is sent on. */
  readonly bytes: Buffer;
}

export interface Account {
  /** The model that answered. */
  readonly model: string;
  /** Absent: the provider did not say. */
  readonly usage?: Usage;
  /** What the provider says it charged, where it says so. */
  readonly costUsd?: number;
}

export interface StreamedAnswer {
  /** Fails where the answer ends before it is whole. Holds no `[DONE]`: who writes the stream ends it. */
  readonly parts: AsyncIterable<StreamPart>;
  /** What is known so far; once the parts have ended, all of it. */
  account(): StreamAccount;
}

/** Some whole events of a stream, as they are sent on. */
export interface StreamPart {
  readonly bytes: Buffer;
  /** One of them bears content: from here on nobody else may answer. */
  readonly commits: boolean;
}

export interface StreamAccount extends Account {
  /** Tokens received, estimated: where an answer is cut nobody tells how many they were. */
  readonly received: number;
  /** The id that all of its chunks carry. */
  readonly id?: string;
}
