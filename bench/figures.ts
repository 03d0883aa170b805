/** One quantity, ours beside its comparison, pair by pair from rounds that took turns on the same machine. */
export interface Figure {
  /** What was measured: `5 stages · wall time`. */
  readonly name: string;
  readonly unit: 'ms' | 's' | 'events' | '/s' | '%' | 'count';
  readonly pairs: readonly Pair[];
  /** The ratio to stay at or under, and the one hoped for. */
  readonly target?: number;
  readonly aim?: number;
  /** The ratio to reach, where more is better. */
  readonly atLeast?: number;
  /** What ours is to stay at or under by itself, in `unit`. */
  readonly limit?: number;
}

export interface Pair {
  readonly ours: number;
  /** Absent where a figure has nothing to stand beside. */
  readonly theirs?: number;
}

/** What one benchmark found, with a sentence that says what was compared with what. */
export interface Report {
  readonly benchmark: string;
  readonly ours: string;
  readonly theirs: string;
  readonly figures: readonly Figure[];
}

export interface Summary {
  readonly ours: number;
  readonly theirs?: number;
  /** Of the pairs' ratios, ours to theirs: load that comes and goes touches both of a pair. */
  readonly ratio?: { readonly median: number; readonly min: number; readonly max: number };
  readonly samples: number;
  /** Absent where nothing was promised. */
  readonly holds?: boolean;
}

export function summarize(figure: Figure): Summary {
  const ours = median(figure.pairs.map((pair) => pair.ours));
  const beside = figure.pairs.filter((pair): pair is Required<Pair> => pair.theirs !== undefined);
  const ratios = beside.map((pair) => pair.ours / pair.theirs);
  const ratio = { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
  const promises = [
    ...(figure.limit === undefined ? [] : [ours <= figure.limit]),
    ...(figure.target === undefined || beside.length === 0 ? [] : [ratio.median <= figure.target]),
    ...(figure.atLeast === undefined || beside.length === 0 ? [] : [ratio.median >= figure.atLeast]),
  ];
  return {
    ours,
    samples: figure.pairs.length,
    ...(beside.length > 0 && { theirs: median(beside.map((pair) => pair.theirs)), ratio }),
    ...(promises.length > 0 && { holds: promises.every(Boolean) }),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
