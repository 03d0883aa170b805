import type { NanoDollars } from '../money';

/** What calls of a task came to. */
export interface TaskSpending {
  readonly costNano: NanoDollars;
  /** Of it, for calls whose worker was lost: they are counted at what they were expected to cost. */
  readonly unconfirmedNano: NanoDollars;
  /** Answers of models whose price nobody knows: they are not in the cost. */
  readonly unpriced: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export const NOTHING_SPENT: TaskSpending = {
  costNano: 0,
  unconfirmedNano: 0,
  unpriced: 0,
  inputTokens: 0,
  outputTokens: 0,
};

/** What several calls came to together. */
export function sumOf(parts: readonly TaskSpending[]): TaskSpending {
  const sum = (of: (one: TaskSpending) => number): number => parts.reduce((total, one) => total + of(one), 0);
  return {
    costNano: sum((one) => one.costNano),
    unconfirmedNano: sum((one) => one.unconfirmedNano),
    unpriced: sum((one) => one.unpriced),
    inputTokens: sum((one) => one.inputTokens),
    outputTokens: sum((one) => one.outputTokens),
  };
}
