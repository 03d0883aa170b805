import type { Trial } from '../models';

// What the workflow of a task says of its calls, and its activities make of them.

/** What all calls of a task have in common, beside the bodies of their requests. */
export interface CompletionRequestRef {
  readonly project?: string;
  /** The kind of task: rules, profiles and policies know this word. */
  readonly task?: string;
  /** Only these may be asked: what the key allows; absent: all. */
  readonly allowed?: readonly string[];
}

/** What is known of a request that was asked for before. */
export interface ItemTrial {
  readonly calls: number;
  readonly trials: readonly Trial[];
}
