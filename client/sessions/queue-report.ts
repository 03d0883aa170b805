import type { RunRef } from '../../contracts/run';

/** A pool over all its hosts, and who waits for it. Times are epoch milliseconds unless said. */
export interface PoolQueue {
  readonly pool: string;
  readonly agent?: string;
  /** Hosts that serve it now. */
  readonly hosts: readonly string[];
  /** Those that would take a prompt now, those at work, and all. */
  readonly sessions: { readonly idle: number; readonly busy: number; readonly of: number };
  /** Every host that serves it takes no prompts for it. */
  readonly closed?: { readonly why: string; readonly until?: number };
  /** How long a turn usually takes, in milliseconds. */
  readonly turnMs?: number;
  /** How many wait: those of `order`, or as many as the server counts where not all runs were looked at. */
  readonly depth: number;
  /** Since when the one that has waited longest waits. */
  readonly oldest?: number;
  /** Who goes next, about: projects share one level of priority fairly, and hosts prefer a session that knows the work. */
  readonly order: readonly QueuedPrompt[];
}

export interface QueuedPrompt {
  /** From 1 on. */
  readonly place: number;
  readonly run: RunRef;
  readonly stage?: string;
  readonly priority: number;
  readonly since: number;
  /** About how long until it gets a session, in milliseconds; absent where nobody can tell. */
  readonly aboutMs?: number;
}

export interface QueueReport {
  readonly at: number;
  readonly pools: readonly PoolQueue[];
  readonly alerts: readonly Alert[];
  /** More runs are open than were looked at: some that wait may be missing. */
  readonly more: boolean;
}

/** Work waits and nobody can take it: a pool at 0 % availability. */
export interface Alert {
  readonly pool: string;
  readonly kind: 'unserved' | 'closed' | 'none-idle';
  readonly waiting: number;
  /** One sentence for people; moments in it are left to the fields. */
  readonly text: string;
  /** What to do about it. */
  readonly todo: string;
  /** When it is over by itself, if that is known. Epoch milliseconds. */
  readonly until?: number;
}
