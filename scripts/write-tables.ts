import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ERRORS, EXIT } from '../contracts/errors';

// Writes the tables of docs/operations.md from the contracts they describe: `npm run docs`.

const FIXERS = {
  author: 'who wrote the pipeline',
  operator: 'who runs gantry',
  person: 'a person, by deciding',
  nobody: 'nobody',
  gantry: 'gantry: please report it',
} as const;

const TABLES: Readonly<Record<string, () => string>> = { errors: errorTable, exits: exitTable };

/** The document with its generated tables as they have to be; each stands between two comments. */
export function withTables(document: string): string {
  return Object.entries(TABLES).reduce((text, [name, table]) => {
    const block = new RegExp(`(<!-- table of ${name}: [^>]*-->\n)[^]*?(\n<!-- end -->)`);
    if (!block.test(text)) throw new Error(`The document has no place for the table of ${name}.`);
    return text.replace(block, (_all, start: string, end: string) => `${start}\n${table()}\n${end}`);
  }, document);
}

function errorTable(): string {
  const rows = Object.entries(ERRORS).map(([type, { retryable, fixer, meaning }]) => [
    `\`${type}\``,
    meaning,
    retryable ? 'yes' : 'no',
    FIXERS[fixer],
  ]);
  return markdownTable(['Type', 'What happened', 'Tried again', 'Who can mend it'], rows);
}

function exitTable(): string {
  return markdownTable(
    ['Code', 'Meaning'],
    Object.values(EXIT).map(({ code, meaning }) => [String(code), meaning]),
  );
}

/** Columns padded as the formatter pads them, so that the two never disagree. */
function markdownTable(head: string[], rows: string[][]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

if (require.main === module) {
  const file = path.resolve('docs/operations.md');
  writeFileSync(file, withTables(readFileSync(file, 'utf8')));
}
