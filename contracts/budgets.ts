import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Answer } from './messages';
import type { NanoDollars } from './money';

// One ledger for each organisation keeps what may be spent: an entity workflow that checks every level and commits in
// one step. Workers and gateways draw slices by update before they spend, spend from them without asking again, and
// settle. Names are wire format: never rename one. Times are epoch milliseconds, money whole nano-dollars.

/** The registered name of the workflow that is an organisation's ledger, and its id. */
export const BUDGET_LEDGER = 'budgetLedger';

export function ledgerWorkflowId(organisation: string): string {
  return `budget/${organisation}`;
}

/** The organisation where the configuration names none. */
export const DEFAULT_ORGANISATION = 'default';

export type BudgetLevel = 'org' | 'team' | 'job' | 'run';

/** Where spending is counted, below the organisation. A job is one team's; a run is counted at its own level too. */
export interface BudgetScope {
  readonly team?: string;
  readonly job?: string;
  readonly run?: string;
}

/** `total` never begins anew. The others begin at midnight UTC: each day, on Mondays, on the first of the month. */
export const BUDGET_WINDOWS = ['day', 'week', 'month', 'total'] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

export interface BudgetLimit {
  readonly window: BudgetWindow;
  readonly limitNano: NanoDollars;
}

/** A budget as it is declared or set: an account has at most one limit for each window. */
export interface BudgetAccountName {
  readonly level: Exclude<BudgetLevel, 'run'>;
  /** Absent for the organisation. */
  readonly team?: string;
  /** With `team`. */
  readonly job?: string;
}

/** The budgets of a configuration. They replace those declared before; what people have set by hand stands above. */
export interface DeclareBudgets {
  /** 0 to 100: at this share of a limit an alert is raised, once a window. */
  readonly alertAt: number;
  readonly accounts: readonly (BudgetAccountName & { readonly limits: readonly BudgetLimit[] })[];
}

/** A limit set by hand. `limitNano` absent: what the configuration declares counts again. */
export interface SetBudget {
  readonly account: BudgetAccountName;
  readonly window: BudgetWindow;
  readonly limitNano?: NanoDollars;
  readonly who: string;
  readonly comment?: string;
}

/** How long ids and names may be, in characters: what a ledger carries stays small. */
export const LONGEST_ID = 200;

/** Money held for somebody who is about to spend it. */
export interface Slice {
  readonly id: string;
  readonly grantedNano: NanoDollars;
  readonly spentNano: NanoDollars;
}

export function leftOf({ grantedNano, spentNano }: Slice): NanoDollars {
  return Math.max(0, grantedNano - spentNano);
}

/** Who holds a slice, and so who is asked when its lease runs out: a workflow, or a process that renews it. */
export type SliceHolder =
  { readonly kind: 'workflow'; readonly workflowId: string } | { readonly kind: 'process'; readonly name: string };

export type LedgerEntry =
  /**
   * Hold as much as is asked where every level has it, at the least `atLeastNano`. Idempotent by id: one that comes
   * again is answered with what is held already, and more is held only where that is less than `atLeastNano`.
   */
  | {
      readonly op: 'draw';
      readonly id: string;
      readonly scope: BudgetScope;
      readonly amountNano: NanoDollars;
      readonly atLeastNano: NanoDollars;
      readonly holder: SliceHolder;
      readonly leaseMs: number;
      /** What the run may spend in all; with `scope.run`. */
      readonly runLimitNano?: NanoDollars;
    }
  /** How much of a slice is spent so far; renews its lease. Never lowers what was reported. */
  | { readonly op: 'report'; readonly id: string; readonly spentNano: NanoDollars }
  /** A slice ends: what is not spent goes back. After its lease ran out it corrects what was assumed. Idempotent. */
  | { readonly op: 'settle'; readonly id: string; readonly spentNano: NanoDollars }
  /**
   * A slice that may never have been drawn ends, and can not be drawn later. Where it was drawn, the one call it was
   * drawn for may have been billed: `atLeastNano` counts as spent and unconfirmed, the rest goes back.
   */
  | { readonly op: 'release'; readonly id: string }
  /** Spent without a slice. Idempotent by id; may go over a limit, which is reported. */
  | { readonly op: 'charge'; readonly id: string; readonly scope: BudgetScope; readonly spentNano: NanoDollars }
  /** A run has ended: its own level is forgotten once its slices have ended. A run that goes on begins at nothing. */
  | { readonly op: 'close-run'; readonly run: string };

export type LedgerAnswer =
  | { readonly outcome: 'held'; readonly grantedNano: NanoDollars }
  | ({ readonly outcome: 'refused' } & Refusal)
  | { readonly outcome: 'booked' }
  /** The entry makes no sense, or came twice with other content. */
  | { readonly outcome: 'invalid'; readonly message: string };

/** The first level, from the organisation down, that has too little. */
export interface Refusal {
  readonly level: BudgetLevel;
  /** `acme`, `platform`, `platform/calculator`, a run id. */
  readonly account: string;
  readonly window: BudgetWindow;
  readonly limitNano: NanoDollars;
  readonly settledNano: NanoDollars;
  readonly heldNano: NanoDollars;
  readonly askedNano: NanoDollars;
  /** When the window begins anew; absent: it does not, or what is asked is more than the limit itself. */
  readonly retryAt?: number;
}

/** How the organisation stands: in the memo of the ledger, at most some seconds old, so that a look costs nothing. */
export interface LedgerStanding {
  readonly at: number;
  readonly alertAt: number;
  /** Limited windows of the organisation itself. */
  readonly windows: readonly Pick<
    WindowView,
    'window' | 'startsAt' | 'endsAt' | 'limitNano' | 'settledNano' | 'heldNano' | 'alertedAt'
  >[];
  /** Windows of any level that have been alerted and are not over, newest last: the last six. */
  readonly alerts: readonly LedgerAlert[];
}

export interface LedgerAlert {
  readonly level: BudgetLevel;
  readonly account: string;
  readonly window: BudgetWindow;
  readonly limitNano: NanoDollars;
  readonly settledNano: NanoDollars;
  readonly alertedAt: number;
}

/** Where {@link LedgerStanding} is in the memo of the workflow. */
export const LEDGER_MEMO = 'standing';

export interface AccountView extends BudgetAccountName {
  readonly windows: readonly WindowView[];
}

export interface WindowView {
  readonly window: BudgetWindow;
  readonly startsAt: number;
  readonly endsAt?: number;
  /** Absent: counted and not limited. */
  readonly limitNano?: NanoDollars;
  readonly setBy?: { readonly who: string; readonly at: number; readonly comment?: string };
  readonly declaredNano?: NanoDollars;
  /** Spent, as far as anybody has told; what holders of slices have reported is in it. */
  readonly settledNano: NanoDollars;
  /** What is left of open slices. */
  readonly heldNano: NanoDollars;
  /** Settled at an estimate, because nobody ever said what was spent. */
  readonly unconfirmedNano: NanoDollars;
  readonly alertedAt?: number;
}

export interface LedgerView {
  readonly organisation: string;
  readonly now: number;
  readonly alertAt: number;
  readonly accounts: readonly AccountView[];
  /** Runs that have drawn and are not closed, each with its one window, which is `total`. */
  readonly runs: readonly { readonly run: string; readonly total: WindowView }[];
  readonly slices: readonly (Slice & {
    readonly scope: BudgetScope;
    readonly holder: SliceHolder;
    readonly leaseUntil: number;
  })[];
}

/** One line of what was decided about money, newest last. */
export interface LedgerLine {
  readonly at: number;
  readonly what: 'declared' | 'set' | 'refused' | 'alert' | 'unconfirmed' | 'corrected' | 'over' | 'window';
  readonly account: string;
  readonly text: string;
}

export interface LedgerHistory {
  readonly lines: readonly LedgerLine[];
  /** What was spent in windows that are over, newest last. */
  readonly past: readonly {
    readonly account: string;
    readonly window: BudgetWindow;
    readonly startsAt: number;
    readonly limitNano?: NanoDollars;
    readonly settledNano: NanoDollars;
    readonly unconfirmedNano: NanoDollars;
  }[];
}

/** What {@link BUDGET_LEDGER} is started with. */
export interface LedgerInput {
  readonly organisation: string;
  readonly limits?: Partial<LedgerLimits>;
  /** All it knows, when it continues as new. */
  readonly carried?: unknown;
}

export interface LedgerLimits {
  readonly historyEvents: number;
  /** Entries in one update at most. */
  readonly batch: number;
  /** Holders whose lease ran out are asked again this often, as long as they are at work. */
  readonly renewMs: number;
  /** The memo follows what is spent at most this often; an alert is in it at once. */
  readonly memoMs: number;
}

/** Answered one by one, in order; all entries are committed in one step. */
export const bookUpdate = defineUpdate<readonly LedgerAnswer[], [readonly LedgerEntry[]]>('book');
export const declareBudgetsUpdate = defineUpdate<Answer, [DeclareBudgets]>('declareBudgets');
export const setBudgetUpdate = defineUpdate<Answer, [SetBudget]>('setBudget');
export const ledgerQuery = defineQuery<LedgerView>('ledger');
export const ledgerHistoryQuery = defineQuery<LedgerHistory>('ledgerHistory');

/** What the ledger asks the world, when a lease has run out. On the queue of runs. */
export interface LedgerActivities {
  /** Is the workflow that holds a slice still at work, and if not: what has it spent in all, where that is known? */
  lookAtHolder(input: {
    readonly workflowId: string;
  }): Promise<{ readonly open: boolean; readonly spentNano?: NanoDollars }>;
}
