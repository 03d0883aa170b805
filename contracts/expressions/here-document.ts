/** A character of a shell program, or a gap in it. */
export type Item = string | { readonly value: number };

export interface HereDocument {
  readonly endWord: string;
  /** The end word was quoted: nothing in the document is replaced. */
  readonly quoted: boolean;
  /** `<<-`: tabs may stand before the end word. */
  readonly tabs: boolean;
}

/** Does the line that starts there end the document? */
export function isEndLine(items: readonly Item[], start: number, { endWord, tabs }: HereDocument): boolean {
  let from = start;
  if (tabs) while (items[from] === '\t') from += 1;
  const end = items.indexOf('\n', from);
  const line = items.slice(from, end < 0 ? undefined : end);
  return line.every((item) => typeof item === 'string') && line.join('') === endWord;
}

/** Does the document that starts there hold a substitution of its own, in which other rules of quoting hold? */
export function runsCommands(items: readonly Item[], start: number, document: HereDocument): boolean {
  for (let at = start; at < items.length; at += 1) {
    const lineStart = at === start || items[at - 1] === '\n';
    if (lineStart && isEndLine(items, at, document)) return false;
    if (items[at] === '\\') at += 1;
    else if (items[at] === '`') return true;
    else if (items[at] === '$' && OPENS_SUBSTITUTION.has(items[at + 1])) return true;
  }
  return false;
}

const OPENS_SUBSTITUTION: ReadonlySet<Item | undefined> = new Set(['(', '{']);
