import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endOfLog } from '../../../activities/commands/end-of-log';
import { createRedactor } from '../../../activities/secrets/redactor';

const SECRET = 'canary-7f3a9b1c5d2e8f60';
const redactor = createRedactor([SECRET]);
const folder = mkdtempSync(join(tmpdir(), 'gantry-end-of-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

function endOf(text: string): string {
  const path = join(folder, 'log');
  writeFileSync(path, text);
  return endOfLog(path, redactor);
}

it('is empty where nothing was written', () => {
  expect(endOfLog(join(folder, 'none'), redactor)).toBe('');
});

it('is a short log as it is, without its secrets and the line that is half written', () => {
  expect(endOf(`one\ntoken ${SECRET}\nhalf ${SECRET.slice(0, 9)}`)).toBe('one\ntoken ***\n');
});

it('is the last whole lines of a long one', () => {
  const said = endOf(Array.from({ length: 5_000 }, (_, index) => `line ${index}\n`).join(''));
  expect(said).toMatch(/^line \d+\n/);
  expect(said.endsWith('line 4999\n')).toBe(true);
  expect(said.length).toBeLessThanOrEqual(1_000);
});

it.each(Array.from({ length: SECRET.length }, (_, cut) => cut))(
  'says nothing of a secret that is cut %i characters in by where reading begins',
  (cut) => {
    const tail = 'x'.repeat(8 * 1024 - (SECRET.length - cut) - 1);
    expect(endOf(`${'before '.repeat(2_000)}${SECRET}${tail}\n`)).toBe('');
  },
);
