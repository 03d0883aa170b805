import type { TurnAsk } from './turn-asks';
import type { Usage } from './turn-usage';

/** What an agent reports of itself, or what is seen of it from outside, in the words of one vocabulary. */
export type AgentEvent = Happening & Origin;

/** Where an event comes from, as far as the agent says it. */
export interface Origin {
  /** The conversation, by the agent's own id: side threads have others. */
  readonly session?: string;
  /** The turn, by the agent's own id, where one prompt is one turn. */
  readonly turn?: string;
}

type Happening =
  /** `transcript` is the file in which the agent logs itself; `anew` says that it left the conversation it was in. */
  | { readonly kind: 'started'; readonly transcript?: string; readonly anew?: boolean }
  | { readonly kind: 'ready' }
  /** It took a prompt: ours, as far as the caller could tell. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'working'; readonly what: string }
  | { readonly kind: 'said'; readonly message: string }
  /** It asks something and waits. With `ask` it can be answered from elsewhere, otherwise at its terminal alone. */
  | { readonly kind: 'blocked'; readonly what: string; readonly ask?: Pick<TurnAsk, 'id' | 'kind'> }
  /** It was answered, or does not wait any more. */
  | { readonly kind: 'unblocked'; readonly askId?: string }
  /** `background` counts what it still runs: then the turn is not over, and another event follows. */
  | { readonly kind: 'finished'; readonly message?: string; readonly background?: number; readonly usage?: Usage }
  /** How much it runs in the background now, for agents that do not say so with each end. */
  | { readonly kind: 'background'; readonly running: number }
  /** One request to its model. The same `request` may be told several times, the last figures being right. */
  | { readonly kind: 'spent'; readonly request: string; readonly usage: Usage }
  /** A turn begins in its transcript: what that says before is of earlier ones. */
  | { readonly kind: 'began' }
  /** Its transcript holds all of the turn that is over. */
  | { readonly kind: 'logged' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string; readonly usage?: Usage }
  | { readonly kind: 'interrupted' }
  /** Its process, or its terminal, is gone. */
  | { readonly kind: 'ended'; readonly how: string; readonly exitCode?: number };
