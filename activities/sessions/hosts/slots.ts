import type { SessionState } from '../../../contracts/sessions';

// Which sessions may be promised to prompts.
//
// P1. A promise needs a session of its own: never more promises than sessions that could keep them.
// P2. A session that would have to start an agent counts only while there is memory for that.
// P3. A pool whose provider takes nothing promises nothing; while it is being tried again, one prompt is let through.

/** A session as far as leasing it needs to know. */
export interface Candidate {
  readonly name: string;
  readonly state: SessionState;
  readonly draining: boolean;
  /** Its agent is kept up for a conversation. */
  readonly kept: boolean;
}

export interface PoolFacts {
  readonly candidates: readonly Candidate[];
  /** Slots that were given and whose prompt has not come. */
  readonly promised: number;
  /** Is there memory for one more agent? */
  readonly mayStart: boolean;
  /** How many prompts may be let through at most; absent: any number. */
  readonly allowance?: number;
}

export function freeSlots({ candidates, promised, mayStart, allowance = Infinity }: PoolFacts): number {
  const free = candidates.filter((one) => isFree(one, mayStart)).length;
  return Math.max(0, Math.min(free, allowance) - promised);
}

/** The session for a prompt: the one that knows its conversation, else one that is ready, else one that can start. */
export function chooseSession(facts: PoolFacts, preferred?: string): string | undefined {
  const free = facts.candidates.filter((one) => isFree(one, facts.mayStart));
  const byRank = [...free].sort((a, b) => rank(a, preferred) - rank(b, preferred));
  return byRank[0]?.name;
}

function isFree({ state, draining }: Candidate, mayStart: boolean): boolean {
  if (draining) return false;
  return state === 'idle' || state === 'starting' || (state === 'stopped' && mayStart);
}

// A conversation that may go on is given up last.
function rank({ name, state, kept }: Candidate, preferred: string | undefined): number {
  if (name === preferred) return 0;
  if (kept) return 4;
  if (state === 'idle') return 1;
  return state === 'starting' ? 2 : 3;
}
