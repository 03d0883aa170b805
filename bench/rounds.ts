import type { Pair } from './figures';

/** Measure two sides in turns, each round in the other order, so that neither always has the warmer machine. */
export async function takeTurns<T>(
  rounds: number,
  ours: () => Promise<T>,
  theirs: () => Promise<T>,
): Promise<{ readonly ours: T; readonly theirs: T }[]> {
  const measured: { ours: T; theirs: T }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const first = await ours();
      measured.push({ ours: first, theirs: await theirs() });
    } else {
      const first = await theirs();
      measured.push({ theirs: first, ours: await ours() });
    }
  }
  return measured;
}

/** One number of each round as pairs for a figure. */
export function pairsOf<T>(
  rounds: readonly { readonly ours: T; readonly theirs: T }[],
  number: (round: T) => number,
): Pair[] {
  return rounds.map(({ ours, theirs }) => ({ ours: number(ours), theirs: number(theirs) }));
}
