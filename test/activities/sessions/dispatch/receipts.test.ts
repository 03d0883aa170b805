import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger, type Claim } from '../../../../activities/sessions/dispatch/receipts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gantry-ledger-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function draft(session = 's'): Claim {
  const base = { dispatchId: 'd', agent: 'a', backend: 'tmux', cwd: '/', startHead: '', inputSha256: '' } as const;
  const from = { agentId: 'd', journalFrom: 0, logFrom: 0 };
  return { ...base, ...from, session, claimedAt: Date.now() };
}

describe('the receipts of a dispatch', () => {
  it('are there for whoever opens them next', async () => {
    const first = await openLedger(dir, () => Promise.resolve(draft()));
    await first.record('paste');
    await first.record('pasted');
    const second = await openLedger(dir, () => Promise.resolve(draft('other')));
    expect(second.claim).toEqual(first.claim);
    expect(second.receipts()).toEqual(first.receipts());
    expect(second.count('paste')).toBe(1);
  });

  it('keep the time at which they were first seen; steps are counted', async () => {
    const ledger = await openLedger(dir, () => Promise.resolve(draft()));
    await ledger.record('accepted');
    const seen = ledger.receipts();
    for (const name of ['accepted', 'enter', 'enter'] as const) await ledger.record(name);
    expect(ledger.receipts()).toEqual(seen);
    expect(ledger.count('enter')).toBe(2);
  });

  it('survive a line that a crash has cut', async () => {
    const ledger = await openLedger(dir, () => Promise.resolve(draft()));
    await ledger.record('pasted');
    appendFileSync(join(dir, 'receipts.jsonl'), '{"at":17,"name":"subm');
    const next = await openLedger(dir, () => Promise.resolve(draft()));
    expect(next.receipts().submittedAt).toBeUndefined();
    await next.record('accepted');
    const last = await openLedger(dir, () => Promise.resolve(draft()));
    expect(last.receipts()).toMatchObject({
      pastedAt: expect.any(Number) as number,
      acceptedAt: expect.any(Number) as number,
    });
  });

  it('have one claim, however many claim at once, and leave no drafts', async () => {
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => openLedger(dir, () => Promise.resolve(draft(`s${index}`)))),
    );
    expect(new Set(claims.map((ledger) => ledger.claim.session)).size).toBe(1);
    expect(readdirSync(dir).sort()).toEqual(['claim.json', 'receipts.jsonl']);
  });
});
