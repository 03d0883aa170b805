import type { StageKey } from '../../../contracts/ids';
import type { RunRef } from '../../../contracts/run';

// What a host remembers of a session across its own restarts. Pure: events in, the next record out.
//
// S1. A session has one lease at a time, and only the one that has it can begin or end it.
// S2. A lease that has begun stays until its dispatch has ended, however often the host dies meanwhile.
// S3. Three agents in a row that did not come up make it unhealthy: it gets no work until one did, or a person says so.
// S4. A session that drains keeps what it has and gets nothing new.

export interface SessionRecord {
  readonly name: string;
  readonly agent: string;
  /** The pool it was made for, and the one whose prompts it gets. */
  readonly ownPool: string;
  readonly pool: string;
  /** From 1. Those up to the pool's least are kept up. */
  readonly index: number;
  readonly draining: boolean;
  /** The agent that is up in it, or was when this was written. */
  readonly agentId?: string;
  readonly lease?: LeaseRecord;
  /** Agents in a row that did not come up. */
  readonly failures: number;
  readonly why?: string;
  /** When it last became free, or was made; epoch milliseconds. */
  readonly freeSince: number;
}

export interface LeaseRecord {
  readonly id: string;
  readonly dispatchId: string;
  readonly run: RunRef;
  readonly stage: StageKey;
  readonly since: number;
  readonly begun: boolean;
}

export type SessionEvent =
  | { readonly type: 'leased'; readonly lease: LeaseRecord }
  | { readonly type: 'begun'; readonly leaseId: string }
  | { readonly type: 'released'; readonly leaseId: string; readonly at: number }
  | { readonly type: 'occupied'; readonly agentId: string }
  | { readonly type: 'vacated'; readonly agentId: string }
  | { readonly type: 'draining'; readonly draining: boolean }
  | { readonly type: 'moved'; readonly pool: string }
  /** Its agent did not come up. */
  | { readonly type: 'failed'; readonly why: string }
  /** Its agent came up, or a person wants it tried again. */
  | { readonly type: 'trusted' };

const UNHEALTHY_AFTER = 3;

export function newSession(pool: string, agent: string, index: number, now: number): SessionRecord {
  return {
    name: `${pool}-${index}`,
    agent,
    ownPool: pool,
    pool,
    index,
    draining: false,
    failures: 0,
    freeSince: now,
  };
}

export function isUnhealthy({ failures }: SessionRecord): boolean {
  return failures >= UNHEALTHY_AFTER;
}

export function reduceSession(record: SessionRecord, event: SessionEvent): SessionRecord {
  switch (event.type) {
    case 'leased':
      return record.lease === undefined ? { ...record, lease: event.lease } : record;
    case 'begun':
      return record.lease?.id === event.leaseId ? { ...record, lease: { ...record.lease, begun: true } } : record;
    case 'released': {
      if (record.lease?.id !== event.leaseId) return record;
      const { lease: _, ...rest } = record;
      return { ...rest, freeSince: event.at };
    }
    case 'occupied':
      return { ...record, agentId: event.agentId };
    case 'vacated': {
      if (record.agentId !== event.agentId) return record;
      const { agentId: _, ...rest } = record;
      return rest;
    }
    case 'draining':
      return { ...record, draining: event.draining };
    case 'moved':
      return { ...record, pool: event.pool };
    case 'failed':
      return { ...record, failures: record.failures + 1, why: event.why };
    case 'trusted': {
      const { why: _, ...rest } = record;
      return { ...rest, failures: 0 };
    }
  }
}
