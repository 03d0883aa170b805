import { OverBudget } from '../../../../activities/models/client/model-client';
import { createSlicePurse } from '../../../../activities/models/client/purses';
import type { Slice } from '../../../../contracts/budgets';
import type { Spending } from '../../../../contracts/models';
import { toNano } from '../../../../contracts/money';
import { MemoryLedger } from '../../../support/memory-ledger';

const scope = { team: 'platform', run: 'add-1' };

function purseOf(ledger: MemoryLedger, spending: Partial<Spending> = {}) {
  const told: Slice[] = [];
  const purse = createSlicePurse({
    spending: { scope, nextSlice: 'add-1/plan#1', ...spending },
    ledger,
    sliceNano: toNano(0.25),
    holder: { kind: 'workflow', workflowId: 'run/calculator/add-1' },
    onSlice: (slice) => void told.push(slice),
  });
  return { purse, told, last: () => told.at(-1) };
}

const slice = (id: string, granted: number, spent: number): Slice => ({
  ...{ id, grantedNano: toNano(granted), spentNano: toNano(spent) },
});

describe('the purse of a call', () => {
  it('pays from the slice that its workflow gives along, and asks nobody', async () => {
    const ledger = new MemoryLedger();
    const { purse, last } = purseOf(ledger, { slice: slice('add-1/plan#0', 0.25, 0.1) });
    (await purse.hold(toNano(0.1))).settle(toNano(0.04));
    expect(last()).toEqual(slice('add-1/plan#0', 0.25, 0.14));
    expect(ledger.updates).toEqual([]);
  });

  it('draws the next slice where that has too little, and reports what was spent of the first', async () => {
    const ledger = new MemoryLedger();
    await ledger.book([
      {
        ...{ op: 'draw', id: 'first', scope, amountNano: toNano(0.25), atLeastNano: 0, leaseMs: 60_000 },
        holder: { kind: 'workflow', workflowId: 'run/calculator/add-1' },
      },
    ]);
    const { purse, last } = purseOf(ledger, { slice: slice('first', 0.25, 0.2) });
    const hold = await purse.hold(toNano(0.1));
    expect(last()).toEqual(slice('add-1/plan#1', 0.25, 0));
    hold.settle(undefined);
    expect(last()).toEqual(slice('add-1/plan#1', 0.25, 0.1));
    expect(ledger.total).toMatchObject({ settledNano: toNano(0.2), heldNano: toNano(0.3) });
  });

  it('draws the same slice with every try, and lets it grow when a dearer model is tried', async () => {
    const ledger = new MemoryLedger();
    await purseOf(ledger).purse.hold(toNano(0.05));
    const again = purseOf(ledger);
    (await again.purse.hold(toNano(0.2))).settle(toNano(0.2));
    expect(again.last()).toEqual(slice('add-1/plan#1', 0.25, 0.2));
    await again.purse.hold(toNano(0.3));
    expect(again.last()).toEqual(slice('add-1/plan#1', 0.5, 0.2));
    expect(ledger.view.slices).toMatchObject([{ id: 'add-1/plan#1', grantedNano: toNano(0.5) }]);
  });

  it('a hold ends once, and two at once are held beside each other', async () => {
    const ledger = new MemoryLedger();
    const { purse, last } = purseOf(ledger);
    const holds = await Promise.all([purse.hold(toNano(0.2)), purse.hold(toNano(0.2))]);
    expect(last()?.grantedNano).toBe(toNano(0.45));
    for (const hold of [...holds, ...holds]) hold.settle(toNano(0.1));
    expect(last()).toEqual(slice('add-1/plan#1', 0.45, 0.2));
  });

  it('is refused with who has too little, how much that is, and when it begins anew', async () => {
    const ledger = new MemoryLedger([{ level: 'team', team: 'platform', dayNano: toNano(0.1) }]);
    const { purse, told } = purseOf(ledger);
    (await purse.hold(toNano(0.08))).settle(toNano(0.08));
    const refused = await purse.hold(toNano(0.05)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OverBudget);
    const { message, retryAt } = refused as OverBudget;
    expect(message).toMatch(
      /^The team platform may spend \$0\.1000 today: \$0\.0800 is spent, \$0\.0200 is held, \$0\.0300 is asked\. It begins anew at [^ ]+$/,
    );
    expect(retryAt).toBe(Math.ceil(Date.now() / 86_400_000) * 86_400_000);
    expect(told.at(-1)).toEqual(slice('add-1/plan#1', 0.1, 0.08));
  });

  it('says that what others hold may come back, where that would be enough', async () => {
    const ledger = new MemoryLedger([{ level: 'team', team: 'platform', dayNano: toNano(0.1) }]);
    await purseOf(ledger).purse.hold(toNano(0.08));
    const { purse } = purseOf(ledger, { nextSlice: 'add-1/plan#2' });
    await expect(purse.hold(toNano(0.05))).rejects.toThrow('What is held may come back when the calls');
    await expect(purse.hold(toNano(0.2))).rejects.toThrow(/asked\. That is more than the limit itself\.$/);
  });

  it('keeps to what the run may spend in all', async () => {
    const { purse } = purseOf(new MemoryLedger(), { runLimitNano: toNano(0.1) });
    await expect(purse.hold(toNano(0.2))).rejects.toThrow(
      'The run add-1 may spend $0.1000 in all: $0.00 is spent, $0.00 is held, $0.2000 is asked. That is more than the limit itself.',
    );
  });

  it('spends nothing while the ledger does not answer, and draws the same slice when it does', async () => {
    const ledger = new MemoryLedger();
    const { purse, last } = purseOf(ledger);
    for (const fault of ['down', 'deaf'] as const) {
      ledger.fault = fault;
      await expect(purse.hold(1)).rejects.toMatchObject({
        type: 'Budget.Unavailable',
        message: 'The budgets of acme gave no answer in time. Nothing is spent without it.',
      });
    }
    ledger.fault = 'none';
    await purse.hold(1);
    expect(last()).toEqual(slice('add-1/plan#1', 0.25, 0));
    expect(ledger.total.heldNano).toBe(toNano(0.25));
  });
});
