import type { FailureKind } from '../../../contracts/breakers';
import { ERRORS } from '../../../contracts/errors';
import type { ProviderErrorType } from '../provider-failure';
import type { FailureFacts } from './facts';
import { resetTime, retryAfterMs } from './retry-after';

/** One line of the error table. Everything in `when` must hold; the first line that fits decides. */
export interface Rule {
  readonly when: Condition;
  readonly type: ProviderErrorType;
  /** Set where this case differs from its class. */
  readonly retryable?: boolean;
  readonly failover?: boolean;
  readonly counts?: Verdict['counts'];
  readonly scope?: Verdict['scope'];
  readonly fix?: string;
}

export interface Condition {
  readonly status?: readonly number[];
  readonly statusBetween?: readonly [number, number];
  readonly type?: readonly string[];
  readonly code?: readonly string[];
  readonly cause?: RegExp;
  /** Vendors reword their messages, so this only ever narrows one of the conditions above. */
  readonly message?: RegExp;
  readonly holds?: (facts: FailureFacts, now: number) => boolean;
}

export interface Verdict {
  readonly type: ProviderErrorType;
  /** May the same provider be asked the same again? */
  readonly retryable: boolean;
  /** Could another provider do better? */
  readonly failover: boolean;
  readonly retryAfterMs?: number;
  /** What it is to the breaker; `no`: a matter of the request alone. */
  readonly counts: FailureKind | 'no';
  /** Whose breaker: all of the provider's, or that of the one model at it. */
  readonly scope: 'provider' | 'model';
  /** When the provider says it takes work again, epoch milliseconds. */
  readonly resetsAt?: number;
  /** What to do about it, for people. */
  readonly fix: string;
}

export type Classify = (facts: FailureFacts, now: number) => Verdict;

interface ClassRow {
  readonly failover: boolean;
  readonly counts: Verdict['counts'];
  readonly scope: Verdict['scope'];
  readonly fix: string;
}

/** What a class means beyond contracts/errors.ts, which says whether it is retried. */
const CLASSES: Record<ProviderErrorType, ClassRow> = {
  'Provider.RateLimited': {
    failover: true,
    counts: 'transient',
    scope: 'provider',
    fix: 'Wait, ask for a higher rate limit, or configure a second provider.',
  },
  'Provider.Overloaded': {
    failover: true,
    counts: 'transient',
    scope: 'provider',
    fix: 'Wait, or configure a second provider.',
  },
  'Provider.ServerError': {
    failover: true,
    counts: 'transient',
    scope: 'provider',
    fix: "Look at the provider's status page, or configure a second provider.",
  },
  'Provider.Timeout': {
    failover: true,
    counts: 'transient',
    scope: 'provider',
    fix: "Raise the stage's timeout, ask for less, or take a faster model.",
  },
  'Provider.Network': {
    failover: true,
    counts: 'transient',
    scope: 'provider',
    fix: "Check the address, proxy and network of the worker's host.",
  },
  'Provider.BadResponse': {
    failover: true,
    counts: 'transient',
    scope: 'provider',
    fix: 'Check that the address is a model API and no proxy page.',
  },
  'Provider.Quota': {
    failover: true,
    counts: 'permanent',
    scope: 'provider',
    fix: 'Add credit or raise the spend limit at the provider, then ask again, or resume the run.',
  },
  'Provider.Auth': {
    failover: true,
    counts: 'permanent',
    scope: 'provider',
    fix: "Put a valid key into the worker's environment and start it again; then ask again, or resume the run.",
  },
  'Provider.NotFound': {
    failover: true,
    counts: 'permanent',
    scope: 'model',
    fix: 'Name a model this provider serves to this key.',
  },
  'Provider.Request': {
    failover: false,
    counts: 'no',
    scope: 'provider',
    fix: 'Change the prompt, its attachments or the model of the stage.',
  },
  'Provider.Policy': {
    failover: false,
    counts: 'no',
    scope: 'provider',
    fix: 'Change the prompt: the model declined this one.',
  },
};

/** A classifier over rules in order. What no rule knows is retried: unknown is not final. */
export function classifyBy(rules: readonly Rule[]): Classify {
  return (facts, now) => {
    const rule = rules.find(({ when }) => fits(when, facts, now)) ?? UNKNOWN;
    const row = CLASSES[rule.type];
    const after = retryAfterMs(facts, now);
    return {
      type: rule.type,
      ...countsOf(rule, resetTime(facts, now), now),
      scope: rule.scope ?? row.scope,
      retryable: advised(facts) ?? rule.retryable ?? ERRORS[rule.type].retryable,
      failover: rule.failover ?? row.failover,
      fix: rule.fix ?? row.fix,
      ...(after === undefined ? {} : { retryAfterMs: after }),
    };
  };
}

/** A rate limit of so long is a usage limit: waiting a little and asking again only costs requests. */
const LONG_LIMIT_MS = 3_600_000;

/** A used up account that says when it is lifted is a limit; so is a rate limit that lasts. */
function countsOf(rule: Rule, resetsAt: number | undefined, now: number): Pick<Verdict, 'counts' | 'resetsAt'> {
  const counts = rule.counts ?? CLASSES[rule.type].counts;
  if (resetsAt === undefined || counts === 'no') return { counts };
  const isLimit =
    rule.type === 'Provider.Quota' || (rule.type === 'Provider.RateLimited' && resetsAt - now >= LONG_LIMIT_MS);
  return isLimit || counts === 'limit' ? { counts: 'limit', resetsAt } : { counts };
}

/** The verdict on what an adapter judged by itself. */
export function verdictOf(type: ProviderErrorType, code?: string): Verdict {
  const verdict = { type, retryable: ERRORS[type].retryable, ...CLASSES[type] };
  const own = [TOO_LONG, UNSUPPORTED].find((one) => one.code === code);
  return { ...verdict, ...own?.verdict };
}

/** A prompt that is too long here may fit elsewhere. */
export const TOO_LONG = {
  code: 'context_length_exceeded',
  verdict: { failover: true, fix: 'Attach less, or take a model with a larger context.' },
} as const;

/** What this protocol has no words for, another provider may know. */
export const UNSUPPORTED = {
  code: 'unsupported',
  verdict: { failover: true, fix: 'Ask for less, or name a provider that can do this.' },
} as const;

const UNKNOWN: Rule = { when: {}, type: 'Provider.ServerError' };

/** `x-should-retry`: the provider knows best. */
function advised(facts: FailureFacts): boolean | undefined {
  const header = facts.headers['x-should-retry'];
  return header === 'true' ? true : header === 'false' ? false : undefined;
}

function fits(when: Condition, facts: FailureFacts, now: number): boolean {
  const { status = 0, type = '', code = '' } = facts;
  if (when.status && !when.status.includes(status)) return false;
  if (when.statusBetween && (status < when.statusBetween[0] || status > when.statusBetween[1])) return false;
  if (when.type && !when.type.includes(type)) return false;
  if (when.code && !when.code.includes(code)) return false;
  if (when.cause && !facts.causes.some((cause) => when.cause!.test(cause))) return false;
  if (when.message && !when.message.test(facts.message)) return false;
  return when.holds?.(facts, now) ?? true;
}
