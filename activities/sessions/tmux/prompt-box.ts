import { squash } from '../clean-text';

/** What stands in the prompt box: nothing, exactly our text, something else; or there is no box to be seen. */
export type Box = 'empty' | 'ours' | 'other' | 'unseen';

const FRAME_LINE = /^\s*[\u2500-\u257f][\u2500-\u257f\s]*$/u;

/**
 * Read the prompt box off a screen: from the last line that starts as boxes do to the next empty line or frame.
 * Only an exact match is ours; half a text, or a text twice, is something else.
 */
export function readBox(lines: readonly string[], start: RegExp, text: string, placeholder?: RegExp): Box {
  const bare = lines.map((line) => line.replace(/^\s*[\u2500-\u257f]\s?/u, ''));
  const first = bare.findLastIndex((line) => start.test(line));
  if (first < 0) return 'unseen';
  const rest = bare.slice(first + 1);
  const end = rest.findIndex((line, index) => line.trim() === '' || FRAME_LINE.test(lines[first + 1 + index] ?? ''));
  const shown = [bare[first]!.replace(start, ''), ...(end < 0 ? rest : rest.slice(0, end))].join('\n').trim();
  if (squash(shown) === squash(text)) return 'ours';
  // A hint that stands in an empty box is nobody's text.
  return squash(shown) === '' || placeholder?.test(shown) === true ? 'empty' : 'other';
}
