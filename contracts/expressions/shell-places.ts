/** Where a reference can stand. */
export type Place = keyof typeof WRITTEN;

/** How a reference to a variable is written so that its value arrives whole. */
export const WRITTEN = {
  code: (reference: string) => `"${reference}"`,
  double: (reference: string) => reference,
  single: (reference: string) => `'"${reference}"'`,
  comment: (reference: string) => reference,
  document: (reference: string) => reference,
} as const;

/** Why no value can stand there, and what to write instead. */
export interface Refusal {
  readonly problem: string;
  readonly hint: string;
}

const FIRST_INTO_VARIABLE = 'Put it into a variable first, with env, and use that.';
export const UNBALANCED: Refusal = {
  problem: 'the quotes of the command do not balance',
  hint: 'Close the open quote.',
};

export const REFUSED = {
  escape: { problem: 'a value stands behind a backslash', hint: 'Write {{ … }} without the backslash.' },
  dollar: { problem: 'a value stands behind a $', hint: 'Write {{ … }} without the $.' },
  arithmetic: { problem: 'a value stands in $(( )), where it would be computed', hint: FIRST_INTO_VARIABLE },
  parameter: { problem: 'a value stands in ${ }', hint: FIRST_INTO_VARIABLE },
  backtick: { problem: 'a value stands between backticks', hint: 'Write $( ) instead of the backticks.' },
  ansi: { problem: "a value stands in $' '", hint: "Write ' ' without the $." },
  quotedDocument: {
    problem: 'a value stands in a here-document with a quoted end word, where no variable is replaced',
    hint: 'Write the end word without quotes.',
  },
  busyDocument: {
    problem: 'a value stands in a here-document that runs commands itself',
    hint: 'Write \\$ and \\` where the text is meant.',
  },
  delimiter: { problem: 'a value stands as the end word of a here-document', hint: 'Write a plain word there.' },
  program: {
    problem: 'a value would become program text of another shell',
    hint: `Pass it as an argument: sh -c 'echo "$1"' sh {{ … }}.`,
  },
} as const satisfies Record<string, Refusal>;

/**
 * `sh -c "… gap …"` and `eval … gap`: the value would be read as a program, whatever the quotes.
 * @param words Those of the command so far; the last is the one the gap is in.
 */
export function wouldBeProgram(words: readonly string[]): boolean {
  const before = words.slice(0, -1);
  const command = before.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  if (command >= 0 && before[command] === 'eval') return true;
  const shell = before.findIndex((word) => SHELL.test(word));
  return shell >= 0 && /^-[A-Za-z]*c$/.test(before.at(-1) ?? '') && before.length - 1 > shell;
}

const SHELL = /(?:^|\/)(?:ba|da|z|k|a|fi)?sh$/;
