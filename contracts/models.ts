import type { BudgetScope, Slice } from './budgets';
import type { ErrorType } from './errors';
import type { Json } from './json';
import type { NanoDollars } from './money';
import type { RunRef, Workspace } from './run';
import type { Shape } from './shape';
import type { Text } from './text';
import type { ResolvedAttachment } from './activities';

// What is asked of models, whoever asks: a stage of a run, `gantry ask`, an item of a batch, a client of the gateway.
// Times are epoch milliseconds, lengths milliseconds, money whole nano-dollars.

/** A model at a provider. */
export interface Candidate {
  readonly provider: string;
  readonly model: string;
}

/** `<provider>/<model>`: in routes, trails and logs. Names of models may hold slashes themselves. */
export function candidateKey({ provider, model }: Candidate): string {
  return `${provider}/${model}`;
}

export function isSameCandidate(one: Candidate, other: Candidate): boolean {
  return one.provider === other.provider && one.model === other.model;
}

/** What the calls made so far for one answer have learned of a candidate. */
export interface Trial extends Candidate {
  readonly failures: number;
  readonly lastType: ErrorType;
  readonly message: string;
  /** The same request to the same candidate would fail again. */
  readonly final: boolean;
  /** Before this the provider wants to be left alone. */
  readonly notBefore?: number;
}

/** All that routing knows of a request. */
export interface RouteRequest {
  /** The same for every attempt at one answer: an experiment keeps it in one arm. */
  readonly id: string;
  /** `provider/model`, a model, a provider, or the name of a chain; absent: the rules decide. */
  readonly model?: string | undefined;
  /** The kind of task: rules, profiles and policies know this word. */
  readonly task?: string | undefined;
  readonly project?: string | undefined;
  readonly team?: string | undefined;
  /** Estimates, for prices and contexts. */
  readonly inputTokens: number;
  /** The longest answer asked for; absent: as long as the model likes. */
  readonly maxOutputTokens?: number | undefined;
  /** Until then somebody who takes nothing now can be waited for, epoch milliseconds; absent: not at all. */
  readonly waitsUntil?: number;
}

export type PolicyMode = 'HARD' | 'SOFT' | 'MONITOR';

/** One policy that a candidate does not keep to: HARD leaves the candidate out, SOFT puts it last, MONITOR tells. */
export interface PolicyFinding extends Candidate {
  readonly policy: string;
  readonly mode: PolicyMode;
  readonly message: string;
}

export interface RankedCandidate extends Candidate {
  /** The most this call is expected to cost; absent: nobody knows its price, which is not the same as nothing. */
  readonly estimateNano?: NanoDollars;
  readonly free: boolean;
  /** Why it stands where it stands, in order of weight. */
  readonly reasons: readonly string[];
  /** Its breaker is half-open: only who gets the probe may call. */
  readonly needsProbe?: boolean;
}

export type RejectionKind =
  /** Its provider takes nothing now. */
  | 'breaker'
  /** A call for this answer has failed there for good, or it wants to be left alone for a while. */
  | 'tried'
  | 'policy'
  | 'budget'
  /** The prompt does not fit, or the key may not use it. */
  | 'unsuited';

export interface RejectedCandidate extends Candidate {
  readonly kind: RejectionKind;
  readonly reason: string;
  /** When it may be otherwise; absent: never for this request. */
  readonly retryAt?: number;
}

/** Who could answer, best first, who could not, and why: a decision that is kept in the audit trail. */
export interface Route {
  readonly candidates: readonly RankedCandidate[];
  readonly rejected: readonly RejectedCandidate[];
  /** What chose the candidates: `routes[2] (task: research)`, `chain cheap`, `asked for by name`. */
  readonly by: string;
  readonly experiment?: { readonly name: string; readonly arm: string };
  readonly findings: readonly PolicyFinding[];
}

/** What of a route is kept with the answer. */
export interface RouteSummary {
  readonly by: string;
  readonly reasons: readonly string[];
  readonly experiment?: { readonly name: string; readonly arm: string };
  readonly findings: readonly PolicyFinding[];
  readonly rejected: readonly RejectedCandidate[];
  /** The budget had too little, so only models that cost nothing were asked: which budget, and how it stands. */
  readonly overBudget?: string;
}

/** What a call may spend, and where that is counted. Absent where no budget applies. */
export interface Spending {
  /** The team and job of a project are the configuration's to say, where they are absent. */
  readonly scope: BudgetScope;
  /** What is left of a slice that was drawn before and that nobody else uses now. */
  readonly slice?: Slice;
  /** The id of the next slice, should that not be enough: the same for every try, so that it is drawn once. */
  readonly nextSlice: string;
  /** What the run may spend in all, where its pipeline says so. */
  readonly runLimitNano?: NanoDollars;
}

export interface ModelActivities {
  /**
   * One call of one model: one HTTP request at most. Which model, the route decides; the calls before are told in
   * `trials`. Fails with a {@link ModelFailure} as details: Provider.*, Budget.Exhausted, Policy.Denied,
   * Stage.OutputInvalid; and with Path.Escapes, Git.Failed, Definition.Invalid where the prompt cannot be made.
   */
  callModel(input: CallModelInput): Promise<CallModelResult>;
  /**
   * End the slices of a run or a batch: what was not spent goes back. Does nothing where they have ended, and where
   * nothing is counted. Fails: Budget.Unavailable.
   */
  settleSlices(input: SettleSlicesInput): Promise<void>;
}

export interface CallModelInput {
  /** The same for every attempt at this answer: `<run id>/<stage>#<turn>`. */
  readonly id: string;
  readonly project?: string;
  readonly run?: RunRef;
  readonly stage?: string;
  readonly prompt: string;
  readonly system?: string;
  readonly model?: string;
  readonly task?: string;
  readonly workspace?: Workspace;
  readonly attachments: readonly ResolvedAttachment[];
  /** The answer must be JSON of this shape. Fails: Stage.OutputInvalid. */
  readonly output?: Shape;
  /** The last answer was of another shape: its model is told, and asked again. */
  readonly rejected?: RejectedAnswer;
  readonly maxOutputTokens?: number;
  readonly timeoutMs: number;
  /** As in {@link RouteRequest}. */
  readonly waitsUntil?: number;
  readonly trials: readonly Trial[];
  readonly spending?: Spending;
  /** Heartbeats carry the end of the answer so far, for somebody who watches. */
  readonly watched?: boolean;
}

export interface RejectedAnswer extends Candidate {
  /** The answer, shortened. */
  readonly answer: string;
  readonly issues: string;
}

export interface CallModelResult {
  readonly text: Text;
  readonly output?: Json;
  /** Who was asked. */
  readonly asked: Candidate;
  readonly provider: string;
  /** The one that answered, which may be a dated version of the one asked. */
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Absent when the price of the model is not known: unknown is not zero. */
  readonly costNano?: NanoDollars;
  readonly route: RouteSummary;
  readonly requestId?: string;
  /** A call before this one was lost with its worker: what the budget counts for it, where one counts. */
  readonly lost?: { readonly countedNano?: NanoDollars };
  /** The slice the call was paid from, after it; the workflow takes it back into its purse. */
  readonly slice?: Slice;
}

/** The first of the details of a failed call, and of one that was cancelled. */
export interface ModelFailure {
  /** What was learned of the candidate that was asked; absent: nobody was. */
  readonly trial?: Trial;
  /** Another candidate, or this one again, may do better. */
  readonly goesOn: boolean;
  /** Who would be asked now; absent: nobody. */
  readonly next?: Candidate;
  /** What chose the candidate that was asked, and why it stood first. */
  readonly by?: string;
  readonly reasons?: readonly string[];
  readonly experiment?: { readonly name: string; readonly arm: string };
  /** As in {@link RouteSummary}. */
  readonly overBudget?: string;
  /** Before this there is nobody to ask. */
  readonly retryAt?: number;
  readonly rejected: readonly RejectedCandidate[];
  readonly findings: readonly PolicyFinding[];
  /** What an answer cost that could not be used. */
  readonly costNano?: NanoDollars;
  /** What the budget counts for calls of which nobody knows what they cost: this one, or one lost with its worker. */
  readonly countedNano?: NanoDollars;
  readonly slice?: Slice;
  /** With Stage.OutputInvalid: what to tell the model when it is asked again. */
  readonly answer?: RejectedAnswer;
}

export interface SettleSlicesInput {
  readonly slices: readonly Slice[];
  /** Slices that a call may have drawn without the workflow ever hearing of it. */
  readonly unheard: readonly string[];
  readonly scope: BudgetScope;
  /** Whose team and job are charged, where the scope names none. */
  readonly project?: string;
  /** Spent beside the slices: by agents, which cannot be held to an estimate. */
  readonly besideNano: NanoDollars;
  /** Unique, so that it is booked once. */
  readonly id: string;
}

/** Heartbeat details of a call. */
export interface CallProgress {
  readonly asking: string;
  readonly characters: number;
  /** The end of the answer so far, and how much came before it: only where somebody watches. */
  readonly tail?: { readonly from: number; readonly text: string };
}
