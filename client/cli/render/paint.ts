/** Colours of the terminal, or none. A mark or a word always says the same thing as its colour. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export const ESC = '\u001b[';

const colour = (open: number, close: number) => (text: string) => `${ESC}${open}m${text}${ESC}${close}m`;
const plain = (text: string) => text;

export const COLOURS: Paint = {
  bold: colour(1, 22),
  dim: colour(2, 22),
  red: colour(31, 39),
  green: colour(32, 39),
  yellow: colour(33, 39),
  cyan: colour(36, 39),
};

export const PLAIN: Paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Columns a text takes. Wide characters are counted as one: gantry's own marks are all narrow. */
export function widthOf(text: string): number {
  return [...text.replace(ESCAPES, '')].length;
}

/** Cut to a number of columns, keeping colours whole. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let columns = 0;
  let kept = '';
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith(ESC)) kept += part;
    else {
      const letters = [...part].slice(0, Math.max(0, width - 1 - columns));
      columns += letters.length;
      kept += letters.join('');
    }
  }
  return `${kept}…`;
}

/**
 * Text from outside (an agent, a model, a branch name) on one line of a terminal: it must not move the cursor, hide
 * what stands before it or set the window's title.
 */
export function harmless(text: string): string {
  return text.replace(ESCAPES, '').replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

/** A colour; else what a terminal obeys: a title, any other sequence, a carriage return, a lone control character. */
const OBEYED =
  /(\u001b\[[0-9;]*m)|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b\[[0-?]*[ -/]*[@-~]|\r\n?|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The same for many lines: they may be coloured, and nothing else. */
export function harmlessLines(text: string): string {
  return text.replace(OBEYED, (found: string, colour?: string) => colour ?? (found.startsWith('\r') ? '\n' : ''));
}

/** Lines of columns, each as wide as its widest cell; empty columns vanish. */
export function columns(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - widthOf(cell)))
      .filter((_, column) => widths[column]! > 0)
      .join(gap)
      .trimEnd(),
  );
}
