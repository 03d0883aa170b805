/** How a dialog is known, and what it asks, in words that follow "asks". */
export type DialogRow = readonly [RegExp, string];

const FOOT_LINES = 3;

/**
 * Which dialog stands on the screen. Its last lines say which keys it takes; without those, words like a dialog's are
 * only something that the agent said.
 */
export function readDialog(lines: readonly string[], foot: RegExp, rows: readonly DialogRow[]): string | undefined {
  const written = lines.filter((line) => line.trim() !== '');
  if (!written.slice(-FOOT_LINES).some((line) => foot.test(line))) return undefined;
  const body = written.slice(-30).join('\n');
  return rows.find(([pattern]) => pattern.test(body))?.[1] ?? 'something that only a person can answer';
}
