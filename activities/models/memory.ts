import type { JsonObject } from '../../contracts/json';
import type { Candidate, Trial } from '../providers/choose';

/**
 * What one attempt of `callModel` leaves for the next, as heartbeat details: who failed and how, and what was wrong
 * with the last answer. Temporal keeps the last details of an attempt that fails, and shows them while it runs.
 */
export interface Memory {
  readonly trials: readonly Trial[];
  /** The last answer did not have the shape asked for. */
  readonly rejected?: RejectedAnswer;
}

export interface RejectedAnswer extends Candidate {
  /** The answer, shortened: heartbeat details are to stay small. */
  readonly answer: string;
  readonly issues: string;
}

const NOTHING: Memory = { trials: [] };

/** The memory in the details of the attempt before, whatever they are: another version may have written them. */
export function recall(details: unknown): Memory {
  if (typeof details !== 'object' || details === null || !('trials' in details)) return NOTHING;
  const { trials, rejected } = details as Memory;
  return Array.isArray(trials) ? { trials, ...(rejected ? { rejected } : {}) } : NOTHING;
}

/** The memory with one more failure of a candidate in it. */
export function remember(memory: Memory, failed: Omit<Trial, 'failures'>): Memory {
  const same = ({ provider, model }: Trial) => provider === failed.provider && model === failed.model;
  const failures = (memory.trials.find(same)?.failures ?? 0) + 1;
  return { ...memory, trials: [...memory.trials.filter((trial) => !same(trial)), { ...failed, failures }] };
}

/** The memory of an answer in the wrong shape: the same candidate is told, and asked again. */
export function reject(memory: Memory, candidate: Candidate, answer: string, issues: string): Memory {
  return { ...memory, rejected: { ...candidate, answer: answer.slice(0, 1_200), issues: issues.slice(0, 500) } };
}

/** Heartbeat details while a model answers: the memory, so that even the attempt after a crash has it, and progress. */
export function progressOf(memory: Memory, { provider, model }: Candidate, characters: number): JsonObject {
  return { ...(memory as unknown as JsonObject), asking: `${provider}/${model}`, characters };
}
