import { defineQuery, defineSignal } from '@temporalio/workflow';

// What was learned of models by asking them: for routing by cost, latency and quality. One workflow for each
// organisation keeps it; workers tell it of calls by signal, and ask it by query. Names are wire format: never rename
// one. Lengths are milliseconds, money whole nano-dollars.

/** The registered name of the workflow that keeps an organisation's profiles, and its id. */
export const MODEL_PROFILES = 'modelProfiles';

export function profilesWorkflowId(organisation: string): string {
  return `profiles/${organisation}`;
}

/** How one model does at one kind of task. Averages weigh newer calls more. */
export interface Profile {
  readonly task: string;
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  /** 0 to 1. */
  readonly failureRate: number;
  /** Time to the whole answer; absent: it never gave one. */
  readonly latencyMs?: number;
  readonly costNano?: number;
  /** 0 to 1, by evaluations; absent: never evaluated. */
  readonly quality?: number;
}

/** One call, as it is learned from. */
export interface ProfileSample {
  readonly task: string;
  readonly provider: string;
  readonly model: string;
  readonly ok: boolean;
  /** Time to the whole answer: of calls that gave one. */
  readonly latencyMs?: number | undefined;
  readonly costNano?: number | undefined;
  /** 0 to 1. Without `latencyMs`: of a call that was told before, and that is not counted again. */
  readonly quality?: number;
}

/** The task of requests that name none. */
export const ANY_TASK = 'any';

/** What {@link MODEL_PROFILES} is started with. */
export interface ProfilesInput {
  readonly organisation: string;
  readonly limits?: Partial<ProfilesLimits>;
  /** What was learned so far, when it continues as new. */
  readonly carried?: readonly LearnedProfile[];
}

/** A profile with what it takes to learn more. */
export interface LearnedProfile extends Profile {
  /** How many values each average is of. */
  readonly counts: { readonly latency: number; readonly cost: number; readonly quality: number };
  /** Epoch milliseconds. */
  readonly heardAt: number;
}

/** Tests use smaller ones. */
export interface ProfilesLimits {
  /** Beyond that the one that was heard of longest ago is forgotten. */
  readonly profiles: number;
  readonly historyEvents: number;
}

/** Samples in one signal, at most: the rest of a longer list is passed over. */
export const LEARN_AT_ONCE = 500;

export const learnSignal = defineSignal<[readonly ProfileSample[]]>('learn');
/** By task, provider and model. */
export const profilesQuery = defineQuery<readonly Profile[]>('profiles');
