import fc from 'fast-check';
import { OverBudget, type Hold } from '../../../../activities/models/client/model-client';
import { createProcessPurse, type ProcessPurse } from '../../../../activities/models/client/purses';
import { MemoryLedger } from '../../../support/memory-ledger';
import { waitUntil } from '../../../support/wait-until';

const scope = { team: 'platform' };
const limited = (dayNano: number): MemoryLedger => new MemoryLedger([{ level: 'team', team: 'platform', dayNano }]);

const open: ProcessPurse[] = [];
afterEach(async () => {
  for (const purse of open.splice(0)) await purse.close().catch(() => undefined);
});

function purseOf(ledger: MemoryLedger, more: Partial<Parameters<typeof createProcessPurse>[0]> = {}): ProcessPurse {
  const purse = createProcessPurse({ ledger, scope, name: 'gateway-1', sliceNano: 1_000, reportMs: 20, ...more });
  open.push(purse);
  return purse;
}

const drawsOf = (ledger: MemoryLedger): number => ledger.updates.flat().filter(({ op }) => op === 'draw').length;

/** Which of them were held. */
async function held(asked: readonly Promise<Hold>[]): Promise<readonly Hold[]> {
  const answers = await Promise.allSettled(asked);
  return answers.flatMap((answer) => {
    if (answer.status === 'fulfilled') return [answer.value];
    expect(answer.reason).toBeInstanceOf(OverBudget);
    return [];
  });
}

describe('the purse of a process', () => {
  it('asks the ledger once for many calls, draws ahead before they wait, and settles what they spent', async () => {
    const ledger = new MemoryLedger();
    const purse = purseOf(ledger);
    const holds = [];
    for (let call = 0; call < 9; call += 1) holds.push(await purse.hold(100));
    expect(drawsOf(ledger)).toBe(1);
    holds.push(await purse.hold(700)); // leaves less than half of a slice
    await waitUntil(() => drawsOf(ledger) === 2);
    holds[0]!.settle(undefined);
    for (const hold of holds) hold.settle(10);
    await purse.close();
    expect(ledger.total).toEqual({ settledNano: 100 + 9 * 10, heldNano: 0, unconfirmedNano: 0 });
  });

  it('holds without waiting while there is enough: the hold is there before anything else can happen', async () => {
    const purse = purseOf(new MemoryLedger([], 50));
    await purse.hold(1);
    let isHeld = false;
    void purse.hold(1).then(() => (isHeld = true));
    await Promise.resolve();
    expect(isHeld).toBe(true);
  });

  it('serves a thousand holds at once with few updates, and admits exactly as many as there is money for', async () => {
    const ledger = limited(640);
    const purse = purseOf(ledger);
    const holds = await held(Array.from({ length: 1_000 }, () => purse.hold(10)));
    expect(holds).toHaveLength(64);
    expect(ledger.updates.length).toBeLessThanOrEqual(4);
    for (const hold of holds) hold.settle(0);
    expect(await held(Array.from({ length: 100 }, () => purse.hold(10)))).toHaveLength(64);
  });

  it('refuses the dear and serves the cheap where there is little left', async () => {
    const ledger = limited(100);
    const purse = purseOf(ledger);
    const [dear, cheap] = await Promise.allSettled([purse.hold(101), purse.hold(60)]);
    expect(dear).toMatchObject({
      status: 'rejected',
      reason: { name: 'OverBudget', message: /The team platform may/ },
    });
    expect(cheap.status).toBe('fulfilled');
  });

  it('holds not one nano-dollar more than was granted', async () => {
    const purse = purseOf(limited(100));
    await purse.hold(60);
    expect(await held([purse.hold(41)])).toEqual([]);
    expect(await held([purse.hold(40)])).toHaveLength(1);
  });

  it('puts pieces together that are too small alone', async () => {
    const ledger = limited(100);
    const purse = purseOf(ledger, { sliceNano: 0 });
    const holds = [await purse.hold(60), await purse.hold(40)];
    holds[0]!.settle(30);
    holds[1]!.settle(10);
    expect((await held([purse.hold(60)])).length).toBe(1);
  });

  it('reports what is spent while it works, and gives back what nobody uses', async () => {
    const ledger = new MemoryLedger();
    const purse = purseOf(ledger, { idleMs: 100 });
    (await purse.hold(300)).settle(200);
    await waitUntil(() => ledger.total.settledNano === 200 && ledger.total.heldNano > 0);
    await waitUntil(() => ledger.total.heldNano === 0);
    expect(ledger.total).toEqual({ settledNano: 200, heldNano: 0, unconfirmedNano: 0 });
    expect(ledger.view.slices).toEqual([]);
  });

  it('renews its lease for as long as it has calls under way', async () => {
    const ledger = new MemoryLedger();
    const purse = purseOf(ledger, { leaseMs: 200 });
    const hold = await purse.hold(300);
    const until = Date.now() + 600;
    await waitUntil(() => ledger.total.unconfirmedNano === 0 && Date.now() > until);
    hold.settle(100);
    await purse.close();
    expect(ledger.total).toEqual({ settledNano: 100, heldNano: 0, unconfirmedNano: 0 });
  });

  it('spends nothing of what it could not draw, and tells later of what it drew without an answer', async () => {
    const ledger = new MemoryLedger();
    const purse = purseOf(ledger);
    ledger.fault = 'down';
    await expect(purse.hold(100)).rejects.toMatchObject({ type: 'Budget.Unavailable' });
    ledger.fault = 'deaf';
    await expect(purse.hold(100)).rejects.toMatchObject({ type: 'Budget.Unavailable' });
    expect(ledger.total.heldNano).toBeGreaterThan(0);
    ledger.fault = 'none';
    await waitUntil(() => ledger.view.slices.length === 0);
    expect(ledger.total).toEqual({ settledNano: 0, heldNano: 0, unconfirmedNano: 0 });
  });

  it('goes on from what it has while the ledger does not answer, and loses nothing of what was spent', async () => {
    const ledger = new MemoryLedger();
    const purse = purseOf(ledger, { leaseMs: 100 });
    const first = await purse.hold(100);
    ledger.fault = 'down';
    await waitUntil(() => ledger.total.unconfirmedNano > 0); // its lease ran out meanwhile
    const second = await purse.hold(100);
    first.settle(80);
    second.settle(70);
    ledger.fault = 'none';
    await purse.close();
    expect(ledger.total).toEqual({ settledNano: 150, heldNano: 0, unconfirmedNano: 0 });
  });

  it('counts calls at their estimates that are under way when it closes', async () => {
    const ledger = new MemoryLedger();
    const purse = purseOf(ledger);
    const hold = await purse.hold(300);
    await purse.close();
    hold.settle(1);
    expect(ledger.total).toEqual({ settledNano: 300, heldNano: 0, unconfirmedNano: 0 });
    await expect(purse.hold(1)).rejects.toThrow('The process is ending');
  });

  it('never holds and has spent more than was granted, however calls come and go', async () => {
    const call = fc.record({ estimate: fc.integer({ min: 1, max: 80 }), part: fc.nat(100), waits: fc.nat(3) });
    const calls = fc.array(call, { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 0, max: 600 }), async (asked, limit) => {
        const ledger = limited(limit);
        const purse = createProcessPurse({ ledger, scope, name: 'p', sliceNano: 100, reportMs: 1 });
        let using = 0;
        let spent = 0;
        const work = asked.map(async ({ estimate, part, waits }) => {
          const hold = await purse.hold(estimate).catch(() => undefined);
          if (hold === undefined) return;
          using += estimate;
          expect(using + spent).toBeLessThanOrEqual(limit);
          for (let turn = 0; turn < waits; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          const cost = Math.floor((estimate * part) / 100);
          using -= estimate;
          spent += cost;
          hold.settle(cost);
        });
        await Promise.all(work);
        await purse.close();
        expect(ledger.total).toEqual({ settledNano: spent, heldNano: 0, unconfirmedNano: 0 });
      }),
      { numRuns: 60 },
    );
  });
});
