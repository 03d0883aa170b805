import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetOld } from '../../../../activities/sessions/hosts/forget-old';

const DAY_MS = 24 * 3_600_000;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gantry-old-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function leave(folder: string, name: string, ageDays: number, newestDays = ageDays): string {
  const dir = join(home, folder, name);
  mkdirSync(dir, { recursive: true });
  const at = (days: number) => new Date(Date.now() - days * DAY_MS);
  writeFileSync(join(dir, 'receipts.jsonl'), '');
  utimesSync(join(dir, 'receipts.jsonl'), at(newestDays), at(newestDays));
  utimesSync(dir, at(ageDays), at(ageDays));
  return dir;
}

it('what ended a month ago goes; what is newer, was written to since, or is in use stays', async () => {
  const gone = [leave('agents', 'old', 31), leave('dispatches', 'old', 31)];
  const kept = [
    leave('agents', 'new', 29),
    leave('dispatches', 'written', 40, 2),
    leave('agents', 'used', 40),
    leave('dispatches', 'used', 40),
  ];
  await forgetOld(home, new Set(['used']));
  expect(gone.filter(existsSync)).toEqual([]);
  expect(kept.filter(existsSync)).toEqual(kept);
});

it('a home without any is left alone', async () => {
  await expect(forgetOld(home, new Set())).resolves.toBeUndefined();
});
