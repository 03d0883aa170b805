import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hold } from '../../../../activities/sessions/dispatch/holder';
import { waitUntil } from '../../../support/wait-until';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gantry-holder-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const forever = new AbortController().signal;

describe('holding a dispatch', () => {
  it('is for one attempt at a time', async () => {
    let inside = 0;
    const attempts = Array.from({ length: 5 }, async () => {
      const holder = await hold(dir, forever, () => undefined);
      inside += 1;
      expect(inside).toBe(1);
      expect(await holder.isCurrent()).toBe(true);
      inside -= 1;
      await holder.release();
    });
    await Promise.all(attempts);
  });

  it('follows at once when the process of the earlier attempt is dead, or its pid is a stranger by now', async () => {
    writeFileSync(join(dir, 'holder.1'), JSON.stringify({ pid: process.pid, birth: 'another boot 1' }));
    const holder = await hold(dir, forever, () => {
      throw new Error('it waited');
    });
    expect(await holder.isCurrent()).toBe(true);
  });

  it('gives up waiting when its own attempt ends', async () => {
    await hold(dir, forever, () => undefined);
    const ending = new AbortController();
    let waits = 0;
    const waiting = hold(dir, ending.signal, () => (waits += 1));
    waiting.catch(() => undefined);
    await waitUntil(() => waits > 0);
    ending.abort();
    await expect(waiting).rejects.toThrow();
  });
});
