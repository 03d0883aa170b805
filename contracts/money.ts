// Money is counted in whole nano-dollars, so that sums are exact: 1 US dollar is 1,000,000,000 of them, one token of a
// cheap model is some dozens. A double holds them exactly up to nine million dollars.

/** A whole number of nano-dollars. */
export type NanoDollars = number;

export const NANO_PER_DOLLAR = 1_000_000_000;

/** The nearest nano-dollar. */
export function toNano(dollars: number): NanoDollars {
  return Math.round(dollars * NANO_PER_DOLLAR);
}

/** Rounded up: an estimate that is used to hold money must not be too small. */
export function toNanoUp(dollars: number): NanoDollars {
  return Math.ceil(dollars * NANO_PER_DOLLAR);
}

export function toDollars(nano: NanoDollars): number {
  return nano / NANO_PER_DOLLAR;
}

/** `$12.34`; small amounts keep as many digits as it takes to see them: `$0.0042`. */
export function formatMoney(nano: NanoDollars): string {
  const dollars = toDollars(nano);
  const size = Math.abs(dollars);
  const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 4 : 6;
  return `${dollars < 0 ? '-' : ''}$${size.toFixed(digits)}`;
}
