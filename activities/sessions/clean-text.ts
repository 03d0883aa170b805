// What an agent's box takes as it is. Longer ones are wrapped, split or folded away by real agents.
const USUAL_LIMITS = { characters: 800, lines: 3 };

export interface InlineLimits {
  readonly characters: number;
  readonly lines: number;
}

/**
 * Text that cannot press keys: no ESC (an end-of-paste sequence inside a paste would end it), no other control
 * characters but newline and tab, no DEL, and one kind of newline.
 */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, '');
}

/**
 * May the text be typed into a prompt box? Otherwise it goes into a file. A leading `/` or `!` has a meaning of its
 * own to agents; and what a terminal does not show character by character can not be checked before it is sent.
 */
export function fitsBox(text: string, inline: InlineLimits = USUAL_LIMITS): boolean {
  if (text.trim() === '' || text.length > inline.characters) return false;
  if (text.split('\n').length > inline.lines || /^\s|\s$|\n\n/.test(text)) return false;
  return !/^[/!]/.test(text) && /^[\n\x20-\x7e\u00a1-\u017f]*$/.test(text) && !text.includes('\u00ad');
}

/** The same text as far as a terminal can show it: without white space and the frames around prompt boxes. */
export function squash(text: string): string {
  return text.replace(/[\s\u2500-\u257f]+/gu, '');
}
