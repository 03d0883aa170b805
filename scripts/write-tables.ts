import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ERRORS, EXIT } from '../contracts/errors';
import { fieldRows, vendorRows } from './config-tables';

// Writes the tables of the documents from the contracts they describe: `npm run docs`.

const FIXERS = {
  author: 'who wrote the pipeline',
  operator: 'who runs gantry',
  person: 'a person, by deciding',
  nobody: 'nobody',
  gantry: 'gantry: please report it',
} as const;

type Tables = Readonly<Record<string, () => string>>;

/** The documents with generated tables, and these by their names. */
export const DOCUMENTS: Readonly<Record<string, Tables>> = {
  'docs/operations.md': { errors: errorTable, exits: exitTable },
  'docs/models.md': {
    fields: () => markdownTable(['Field', 'Takes', 'Default', 'Meaning'], fieldRows()),
    vendors: () =>
      markdownTable(['Vendor', 'Protocol', 'Address', 'Key', 'Usual model', 'Structured output'], vendorRows()),
  },
};

/** A document with its generated tables as they have to be; each stands between two comments. */
export function withTables(document: string, tables: Tables): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
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
  for (const [name, tables] of Object.entries(DOCUMENTS)) {
    const file = path.resolve(name);
    writeFileSync(file, withTables(readFileSync(file, 'utf8'), tables));
  }
}
