import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ERRORS } from '../../contracts/errors';
import { DOCUMENTS, withTables } from '../../scripts/write-tables';

const ROOT = path.resolve(__dirname, '../..');
const operations = readFileSync(path.join(ROOT, 'docs/operations.md'), 'utf8');

test.each(Object.entries(DOCUMENTS))(
  'the tables of %s are those of the contracts (mend with `npm run docs`)',
  (name, tables) => {
    const document = readFileSync(path.join(ROOT, name), 'utf8');
    expect(withTables(document, tables)).toBe(document);
  },
);

test('a table that fell behind is written anew', () => {
  const tables = DOCUMENTS['docs/operations.md'] ?? {};
  const type = Object.keys(ERRORS)[0]!;
  const stale = operations.replace(`\`${type}\``, '`Nothing.Known`');
  expect(stale).not.toBe(operations);
  expect(withTables(stale, tables)).toBe(operations);
});

test('every variable of gantry is documented, and every documented one is read', () => {
  const inCode = variablesOf(sourcesOf('contracts', 'workflows', 'activities', 'workers', 'client'));
  const inDocs = variablesOf(operations);
  expect([...inCode].filter((name) => !inDocs.has(name))).toEqual([]);
  expect([...inDocs].filter((name) => !inCode.has(name))).toEqual([]);
});

/** Names of gantry's variables in a text. */
function variablesOf(text: string): Set<string> {
  return new Set(text.match(/\bGANTRY_[A-Z_]*[A-Z](?!_)/g));
}

function sourcesOf(...rooms: string[]): string {
  const files = rooms.flatMap((room) =>
    readdirSync(path.join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((file) =>
      path.join(ROOT, room, file),
    ),
  );
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}
