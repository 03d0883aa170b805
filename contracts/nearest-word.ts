/**
 * The word a person most likely meant, or undefined when none is close: at most a third of the letters may differ, in short words one.
 * A swap of two neighbours counts as one difference. Ties go to the first word.
 */
export function nearestWord(written: string, words: Iterable<string>): string | undefined {
  const wanted = written.toLowerCase();
  if (wanted.length < 2) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(Math.min(written.length, 40) / 3)) + 1;
  for (const word of words) {
    if (Math.abs(word.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, word.toLowerCase());
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** `Did you mean "test"?`, or else, when the list is short, `There is build, test.` */
export function suggestion(written: string, words: Iterable<string>, limit = 12): string | undefined {
  const known = [...words];
  const word = nearestWord(written, known);
  if (word !== undefined) return `Did you mean "${word}"?`;
  if (known.length === 0 || known.length > limit) return undefined;
  return `There ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}.`;
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
