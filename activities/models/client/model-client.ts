import type { BudgetScope } from '../../../contracts/budgets';
import type { ErrorType } from '../../../contracts/errors';
import type {
  Candidate,
  RankedCandidate,
  RejectedCandidate,
  Route,
  RouteRequest,
  Trial,
} from '../../../contracts/models';
import type { NanoDollars } from '../../../contracts/money';
import type { Usage } from '../../providers/model-provider';

/**
 * The one way to models, for stages, batches and the gateway alike: it chooses who is asked, sees that breaker and
 * budget admit the call, and books how it went. What goes over the wire is the caller's.
 */
export interface ModelClient {
  /** Who could answer, best first. Reads breakers and profiles, from a cache a few seconds old at most. */
  route(request: ClientRequest, trials: readonly Trial[]): Promise<Route>;

  /**
   * Make one call of the best candidate that is admitted now. The breaker hears how it went, the hold is settled, the
   * profile learns; each exactly once. Fails: {@link CallFailed}, {@link NobodyAvailable}; what `call` throws besides a
   * ProviderFailure passes through and counts against nobody.
   */
  attempt<T>(request: AttemptRequest, call: (target: CallTarget) => Promise<Answered<T>>): Promise<Attempt<T>>;
}

export interface ClientRequest extends RouteRequest {
  /** Only these may be asked: what the key of whoever asks allows. */
  readonly allowed?: readonly string[] | undefined;
}

export interface AttemptRequest extends ClientRequest {
  /** Unique for this try: what the breaker knows its report by. */
  readonly attemptId: string;
  readonly trials: readonly Trial[];
  /** Goes before the others where it may be asked: it answered, and is to mend its answer. */
  readonly first?: Candidate;
  /** Where the money comes from; absent: nothing is counted. */
  readonly purse?: Purse | undefined;
  /** How long the call may take at most: a probe is leased for as long. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface CallTarget extends Candidate {
  readonly ranked: RankedCandidate;
}

export interface Answered<T> {
  readonly value: T;
  readonly usage: Usage;
  /** The model that answered. */
  readonly model: string;
  /** What the provider says it charged, where it says so. */
  readonly costUsd?: number | undefined;
  /** The answer was cut off: its usage is what was received, and settled as such. */
  readonly cut?: boolean;
}

export interface Attempt<T> {
  readonly value: T;
  readonly candidate: RankedCandidate;
  readonly route: Route;
  readonly usage: Usage;
  readonly model: string;
  /** Undefined where nobody knows the price. */
  readonly costNano: NanoDollars | undefined;
  /** The budget had too little, so only models that cost nothing were asked. */
  readonly overBudget: string | undefined;
}

/** Money for calls. One hold for each call; a hold ends exactly once. */
export interface Purse {
  /** Fails: {@link OverBudget}. */
  hold(estimateNano: NanoDollars): Promise<Hold>;
  readonly scope: BudgetScope;
}

export interface Hold {
  /** @param spentNano Absent: nobody knows, so the estimate counts. */
  settle(spentNano: NanoDollars | undefined): void;
}

/** The budget has too little for a call. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget';

  constructor(
    message: string,
    /** When the window begins anew, where that would help. */
    readonly retryAt: number | undefined,
  ) {
    super(message);
  }
}

/** A candidate was asked and gave no answer that can be used. Its message holds no secret. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';

  constructor(
    readonly trial: Trial,
    readonly candidate: RankedCandidate,
    readonly route: Route,
    /** Could another candidate do better? */
    readonly failover: boolean,
    override readonly cause: Error,
    readonly overBudget: string | undefined,
    /** What the budget counts for it, because nobody knows what it cost; absent: nothing. */
    readonly countedNano?: NanoDollars,
  ) {
    super(trial.message);
  }
}

/** Nobody was asked: every candidate is closed, tried, forbidden or too dear. */
export class NobodyAvailable extends Error {
  override readonly name = 'NobodyAvailable';

  constructor(
    readonly type: ErrorType,
    message: string,
    readonly route: Route,
    readonly rejected: readonly RejectedCandidate[],
    /** The earliest time at which one of them may be otherwise, where that is waited for. */
    readonly retryAt: number | undefined,
    /** When the budget that has too little begins anew, whether or not that is waited for. */
    readonly budgetAnewAt?: number,
  ) {
    super(message);
  }
}
