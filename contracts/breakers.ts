import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ErrorType } from './errors';
import type { Answer, RequestMessage } from './messages';

// One breaker stands before each provider of models or agents, for all hosts together. Workers read how it stands from
// its memo, tell it of failures by signal, and ask it for the one probe by update. Names are wire format: never rename
// one. Times are epoch milliseconds, lengths milliseconds.

/** The registered name of the workflow that is a provider's breaker, and its id. */
export const PROVIDER_BREAKER = 'providerBreaker';

export function breakerWorkflowId(provider: string): string {
  return `breaker/${provider}`;
}

export type BreakerState =
  /** Calls go through. */
  | 'closed'
  /** Nothing is sent before a certain time. */
  | 'open'
  /** One caller at a time may try. */
  | 'half-open'
  /** A person took the provider out; only a person puts it back. */
  | 'isolated';

/** What callers need to know of a breaker. */
export interface Standing {
  readonly state: BreakerState;
  /** Why it is not closed. */
  readonly why?: string;
  /** While open: when it may be tried again. While half-open: until when somebody is trying it; absent: nobody is. */
  readonly until?: number;
  /** Grows with every change of state and every probe. An attempt reports the one it began under. */
  readonly generation: number;
  /** While closed: failures since the last success, absent when there are none. */
  readonly failures?: number;
}

/** Where {@link Standing} is in the memo of the workflow. */
export const STANDING_MEMO = 'standing';

/** How a provider stands that nobody has reported on. */
export const NEVER_REPORTED: Standing = { state: 'closed', generation: 0 };

/**
 * `transient`: the third in a row opens. `limit`: a usage limit, which opens at once until its reset. `permanent`: key
 * or quota, which opens at once.
 */
export type FailureKind = 'transient' | 'limit' | 'permanent';

export interface ProviderFailure {
  readonly failure: FailureKind;
  readonly type: ErrorType;
  readonly message: string;
  /** When the provider says it takes work again. */
  readonly resetsAt?: number;
}

export interface ProviderReport {
  /** The same for every try to report it: `<dispatch or activity id>#<attempt>`. */
  readonly id: string;
  readonly at: number;
  /** `abandoned`: the attempt was given up, or tells nothing of this; a probe that it had is free for the next. */
  readonly outcome: 'success' | 'abandoned' | ProviderFailure;
  /** The {@link Standing.generation} under which the attempt began; absent: it tells how the provider is now. */
  readonly generation?: number;
}

export interface ProbeRequest {
  readonly who: string;
  /** For how long nobody else may try, at most; the breaker's own figure when absent. */
  readonly leaseMs?: number;
}

export interface ProbeAnswer {
  readonly granted: boolean;
  /** With a granted probe: holds the generation to report with. */
  readonly standing: Standing;
}

/** Tests use shorter ones. */
export interface BreakerLimits {
  /** Transient failures in a row that open it. */
  readonly failures: number;
  /** The first time it is open, by kind of failure, when nobody knows the reset; each failed probe doubles it. */
  readonly firstOpenMs: Readonly<Record<FailureKind, number>>;
  readonly longestOpenMs: Readonly<Record<FailureKind, number>>;
  readonly leaseMs: number;
  /** Closed and without a word for this long, it ends; the next report starts it again. */
  readonly idleMs: number;
  readonly historyEvents: number;
}

/** What {@link PROVIDER_BREAKER} is started with. */
export interface BreakerInput {
  readonly provider: string;
  readonly limits?: Partial<BreakerLimits>;
  /** Its state so far, when it continues as new. */
  readonly carried?: BreakerView;
}

/** All that a breaker knows. */
export interface BreakerView {
  readonly state: BreakerState;
  readonly generation: number;
  /** Failures since the last success, while closed. */
  readonly failures: number;
  /** How often it opened since it was last closed. */
  readonly trips: number;
  readonly why?: string;
  readonly openUntil?: number;
  readonly probe?: { readonly who: string; readonly since: number; readonly until: number };
  /** When anything was last reported or asked of it that counted. */
  readonly lastHeardAt: number;
  readonly lastFailure?: ProviderFailure & { readonly at: number };
  /** Reports that were counted, newest last: the same one again changes nothing. */
  readonly seen: readonly string[];
}

export const reportSignal = defineSignal<[ProviderReport]>('report');
/** Answered with `granted: false` while closed: nobody needs a probe then. */
export const takeProbeUpdate = defineUpdate<ProbeAnswer, [ProbeRequest]>('takeProbe');
export const isolateUpdate = defineUpdate<Answer, [RequestMessage]>('isolateBreaker');
export const resetUpdate = defineUpdate<Answer, [RequestMessage]>('resetBreaker');
export const breakerQuery = defineQuery<BreakerView>('breaker');
