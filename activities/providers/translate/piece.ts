import type { Usage } from '../model-provider';

/** A piece of an answer, whatever the provider speaks. */
export type Piece =
  | { readonly kind: 'text' | 'reasoning'; readonly text: string }
  /** A tool is called: its arguments follow. `index` counts the calls of an answer. */
  | { readonly kind: 'call'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: 'arguments'; readonly index: number; readonly text: string }
  /** The last piece. */
  | { readonly kind: 'end'; readonly reason: FinishReason };

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** What is told of an answer beside its pieces, as it becomes known. */
export interface Told {
  id: string;
  model: string;
  usage?: Usage;
}
