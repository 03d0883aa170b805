import type { Candidate, Route, Trial } from '../../contracts/models';
import type { NanoDollars } from '../../contracts/money';
import type { Usage } from '../../activities/providers/model-provider';
import type { Caller } from './keys';

/** The doors through which models are asked. */
export type Operation = 'chat' | 'embeddings';

/** One request of a client, as far as asking models for it is concerned. */
export interface Asked {
  /** The id of the request: `x-request-id` of its answer. */
  readonly id: string;
  /** What the client calls it. */
  readonly clientId: string | undefined;
  readonly operation: Operation;
  readonly caller: Caller;
  /** What the client names; undefined: the rules decide. */
  readonly model: string | undefined;
  readonly task: string | undefined;
  readonly project: string | undefined;
  /** Estimates, tokens. */
  readonly inputTokens: number;
  readonly maxOutputTokens: number | undefined;
  readonly stream: boolean;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** What came of a request, for whoever keeps count. Grows while it is served. */
export interface Course {
  candidate?: Candidate;
  route?: Route;
  /** The model that answered. */
  model?: string;
  usage?: Usage;
  costNano?: NanoDollars;
  overBudget?: string;
  readonly trials: Trial[];
  calls: number;
  /** Milliseconds until the first event with content. */
  firstEventMs?: number;
  /** The code of the error that the client was told. */
  error?: string;
}
