import type { AgentStage } from '../../../contracts/definition';
import type { DispatchResult } from '../../../contracts/activities';
import { criticalPool } from '../../../contracts/priority';
import type { StageRecord } from '../../../contracts/run';
import type { Conversation, Lease } from '../../../contracts/sessions';
import { isWorthRetrying, type Fault } from '../fault';
import type { Work } from '../stages/work-item';
import { CUT_OFF, TURNED_AWAY } from './failures';

// What an attempt leaves for the next one: the conversation to go on in, and the pools to stay away from.

/** How long a pool is avoided whose provider gave no time. */
const AVOID_MS = 60_000;

/** The conversation this attempt goes on in, should the session that knows it be had. */
export function conversationToResume({ run, key, stage }: Work<AgentStage>): Conversation | undefined {
  const { conversation, interrupted } = run.record(key);
  return interrupted === true || stage.conversation === 'keep' ? conversation : undefined;
}

/** An agent's program resumes only what it said itself, on the host where it did. */
export function canResume(conversation: Conversation | undefined, lease: Lease): conversation is Conversation {
  return conversation?.host === lease.host && conversation.agent === lease.agent;
}

export function rememberResult({ run, key }: Work<AgentStage>, { conversation }: DispatchResult): void {
  const known = run.record(key);
  // Most agents tell of none, and then there is nothing to change.
  if (conversation === undefined && known.conversation === undefined && known.interrupted !== true) return;
  run.apply({
    type: 'conversation.known',
    key,
    ...(conversation === undefined ? {} : { conversation }),
    interrupted: false,
  });
}

export function rememberFailure({ run, key, stage }: Work<AgentStage>, lease: Lease, fault: Fault): void {
  const { type, message } = fault.failure;
  const { conversation, resetsAt } = fault.told;
  if (TURNED_AWAY.has(type)) {
    const until = resetsAt ?? Date.now() + (fault.retryAfterMs ?? AVOID_MS);
    run.apply({ type: 'pool.avoided', key, closed: { pool: poolOf(stage, lease), why: message, until } });
  }
  // One that went on in a conversation and never took the prompt shows that it is none any more.
  const isGone = run.record(key).interrupted === true && type === 'Agent.Crashed';
  const known = conversation ?? (isGone ? undefined : run.record(key).conversation);
  const interrupted = CUT_OFF.has(type) && known !== undefined;
  if (!interrupted && run.record(key).interrupted !== true) return;
  run.apply({ type: 'conversation.known', key, ...(known === undefined ? {} : { conversation: known }), interrupted });
}

/** The pool of the chain: sessions kept for critical work are of the same provider. */
function poolOf({ pools }: AgentStage, lease: Lease): string {
  return pools.find((pool) => criticalPool(pool) === lease.pool) ?? lease.pool;
}

/** May the stage be tried again after this? An agent that was turned away may, where there is somebody else to ask. */
export function mayTryAgain(stage: AgentStage, record: StageRecord, fault: Fault): boolean {
  const { type } = fault.failure;
  if (isWorthRetrying(type)) return true;
  return TURNED_AWAY.has(type) && (fault.told.resetsAt !== undefined || hasOtherPool(stage, record));
}

/** How long to wait before that: not at all for a provider that is not asked again. */
export function pauseBefore(stage: AgentStage, record: StageRecord, fault: Fault): number | undefined {
  return TURNED_AWAY.has(fault.failure.type) && hasOtherPool(stage, record) ? undefined : fault.retryAfterMs;
}

function hasOtherPool(stage: AgentStage, { avoids = [] }: StageRecord): boolean {
  return stage.pools.some((pool) => !avoids.some((one) => one.pool === pool));
}
