import type { LedgerLine } from '../../contracts/budgets';
import type { Books } from './books';

/** Lines that are kept for people to read. */
export const LINES = 200;

const LONGEST_TEXT = 300;

export function write({ lines, at }: Books, what: LedgerLine['what'], account: string, text: string): void {
  lines.push({ at, what, account, text: text.slice(0, LONGEST_TEXT) });
  if (lines.length > LINES) lines.splice(0, lines.length - LINES);
}
