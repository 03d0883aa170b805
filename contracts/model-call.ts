import { defineQuery } from '@temporalio/workflow';
import type { CallModelResult, Candidate } from './models';
import type { NanoDollars } from './money';

// One question to a model that is no stage of a run: durable, so that it waits for a provider that takes nothing now
// and goes on when a worker dies. Names are wire format: never rename one. Lengths are milliseconds.

/** The registered name of the workflow, and its id. */
export const MODEL_CALL = 'modelCall';

const PREFIX = 'ask/';

export function modelCallWorkflowId(id: string): string {
  return `${PREFIX}${id}`;
}

/** What {@link MODEL_CALL} is started with. */
export interface ModelCallInput {
  readonly id: string;
  readonly prompt: string;
  readonly system?: string;
  readonly task?: string;
  readonly model?: string;
  readonly project?: string;
  readonly team?: string;
  readonly maxOutputTokens?: number;
  /** For all of it, waits and calls. */
  readonly timeoutMs: number;
  /** Calls at most; waiting for a provider is none. */
  readonly attempts: number;
  /** Somebody watches the answer as it comes. */
  readonly watched: boolean;
}

/** One line of what came of a question so far, oldest first. */
export interface ModelCallLine {
  readonly at: number;
  readonly what: string;
  readonly text: string;
}

export interface ModelCallResult extends Omit<CallModelResult, 'slice' | 'output'> {
  /** Calls made, the last of which answered. */
  readonly calls: number;
  /** What calls that gave no answer cost, or count in the budget; absent: nothing. `costNano` is the answer's alone. */
  readonly besideNano?: NanoDollars;
  readonly trail: readonly ModelCallLine[];
}

/** How a question stands. */
export interface ModelCallView {
  readonly id: string;
  readonly calls: number;
  /** Who answered. */
  readonly answered?: Candidate;
  readonly costNano?: NanoDollars;
  /** As in {@link ModelCallResult}. */
  readonly besideNano?: NanoDollars;
  readonly trail: readonly ModelCallLine[];
}

export const modelCallQuery = defineQuery<ModelCallView>('call');
