import fc from 'fast-check';
import type { BudgetScope, LedgerAnswer, LedgerEntry, SliceHolder } from '../../../contracts/budgets';
import { limitOf, windowsOf } from '../../../workflows/budgets/accounts';
import { newLedger, type Ledger } from '../../../workflows/budgets/books';
import { carry, takeOver, type CarriedLedger } from '../../../workflows/budgets/carry';
import { book, declared, looked, pass } from '../../../workflows/budgets/ledger';
import { ENDED_MS } from '../../../workflows/budgets/tidy';

// Anything that may be sent to a ledger, in any order, any number of times, at any time.

const T0 = Date.UTC(2027, 1, 26, 22);
const HOUR = 3_600_000;

const LIMITS = { org: { day: 40, month: 90 }, team: { day: 25, total: 70 }, job: { week: 15 } };
const limitsOf = (level: keyof typeof LIMITS) =>
  Object.entries(LIMITS[level]).map(([window, limitNano]) => ({ window: window as 'day', limitNano }));
const DECLARATION = {
  alertAt: 80,
  accounts: [
    { level: 'org' as const, limits: limitsOf('org') },
    { level: 'team' as const, team: 'a', limits: limitsOf('team') },
    { level: 'job' as const, team: 'a', job: 'j', limits: limitsOf('job') },
  ],
};

const scope = fc.constantFrom<BudgetScope>(
  {},
  { team: 'a' },
  { team: 'a', job: 'j', run: 'r1' },
  { team: 'b', run: 'r2' },
  { run: 'r1' },
);
const holder = fc.constantFrom<SliceHolder>(
  { kind: 'process', name: 'p' },
  { kind: 'workflow', workflowId: 'w1' },
  { kind: 'workflow', workflowId: 'w2' },
);
const id = fc.nat(7).map((number) => `s${number}`);
const few = fc.nat(20);
const drawn = fc
  .record({ id, scope, holder, atLeastNano: few, more: few, leaseMs: fc.constantFrom(HOUR, 20 * HOUR), limit: few })
  .map(({ more, limit, ...rest }): LedgerEntry => ({
    ...{ op: 'draw', ...rest, amountNano: rest.atLeastNano + more },
    ...(rest.scope.run === 'r1' && limit > 5 && { runLimitNano: limit }),
  }));
const entry = (spentAtMost: number): fc.Arbitrary<LedgerEntry> => {
  const spentNano = fc.nat(spentAtMost);
  return fc.oneof(
    { weight: 6, arbitrary: drawn },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('report' as const), id, spentNano }) },
    { weight: 4, arbitrary: fc.record({ op: fc.constant('settle' as const), id, spentNano }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('release' as const), id }) },
    { weight: 1, arbitrary: fc.constant<LedgerEntry>({ op: 'close-run', run: 'r1' }) },
  );
};
const charge: fc.Arbitrary<LedgerEntry> = fc
  .record({ number: fc.nat(3), scope, spentNano: few })
  .map(({ number, ...rest }) => ({ op: 'charge', id: `c${number}`, ...rest }));

type Happening =
  | { readonly do: 'book'; readonly entries: readonly LedgerEntry[] }
  | { readonly do: 'pass' }
  | { readonly do: 'look'; readonly workflowId: string; readonly open: boolean; readonly spentNano?: number };

const happening = (entries: fc.Arbitrary<LedgerEntry>): fc.Arbitrary<Happening> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('book' as const),
        entries: fc.array(entries, { minLength: 1, maxLength: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'pass' as const }) },
    {
      weight: 2,
      arbitrary: fc.record(
        {
          do: fc.constant('look' as const),
          workflowId: fc.constantFrom('w1', 'w2'),
          open: fc.boolean(),
          spentNano: fc.nat(10),
        },
        { requiredKeys: ['do', 'workflowId', 'open'] },
      ),
    },
  );

interface Step {
  readonly at: number;
  readonly what: Happening;
  readonly before: Ledger;
  readonly after: Ledger;
  readonly answers: readonly LedgerAnswer[];
}

function happen(ledger: Ledger, what: Happening, at: number): { ledger: Ledger; answers: readonly LedgerAnswer[] } {
  switch (what.do) {
    case 'book':
      return book(ledger, what.entries, at);
    case 'pass':
      return { ledger: pass(ledger, at), answers: [] };
    case 'look':
      return { ledger: looked(ledger, { ...what, askedAt: at }, at, HOUR), answers: [] };
  }
}

function always(entries: fc.Arbitrary<LedgerEntry>, holds: (step: Step) => void): void {
  const waits = fc.oneof(fc.constant(0), fc.nat(5 * HOUR));
  const story = fc.array(fc.record({ wait: waits, what: happening(entries) }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(story, (events) => {
      let at = T0;
      let ledger = declared(newLedger('acme', T0), DECLARATION, T0);
      for (const { wait, what } of events) {
        at += wait;
        const before = ledger;
        const { ledger: after, answers } = happen(before, what, at);
        ledger = after;
        holds({ at, what, before, after, answers });
      }
    }),
    { numRuns: 250 },
  );
}

/** Spending that keeps to what was granted: nobody reports more than the least a slice was drawn for. */
const withinGrants = entry(0);
const anything = fc.oneof({ weight: 8, arbitrary: entry(30) }, { weight: 1, arbitrary: charge });

const json = (ledger: Ledger): string => JSON.stringify(carry(ledger));

/** Everything that is counted in windows of now and of before, with its limit. */
function windows({ accounts, past }: Ledger) {
  const current = [...accounts.values()].flatMap((account) =>
    windowsOf(account).map((window) => ({ ...account.windows[window]!, limitNano: limitOf(account, window) })),
  );
  return [...current, ...past.values()];
}

describe('whatever is sent to a ledger', () => {
  it('no window of any level holds and has spent more than its limit, as long as nobody spends above a grant', () => {
    always(withinGrants, ({ what, after }) => {
      // What a workflow spent beside its slices may go over, and says so.
      if (what.do === 'look' && (what.spentNano ?? 0) > 0) return;
      if (after.lines.some((line) => line.what === 'over')) return;
      for (const { settledNano, heldNano, limitNano } of windows(after)) {
        // The limit of a run is said with each draw, and may be said to be less than before.
        if (limitNano === undefined || limitNano <= 20) continue;
        expect(settledNano + heldNano).toBeLessThanOrEqual(limitNano);
      }
    });
  });

  it('a draw that is held leaves every window of its scope within its limit, whatever was spent before', () => {
    always(anything, ({ at, before, what }) => {
      if (what.do !== 'book') return;
      let ledger = before;
      for (const one of what.entries) {
        const { ledger: after, answers } = book(ledger, [one], at);
        const grew = one.op === 'draw' && granted(after, one.id) > granted(ledger, one.id);
        if (grew && answers[0]!.outcome === 'held') {
          for (const account of after.accounts.values()) {
            if (account.level === 'run' && account.run !== one.scope.run) continue;
            if (account.team !== undefined && account.team !== one.scope.team) continue;
            if (account.job !== undefined && account.job !== one.scope.job) continue;
            const slice = after.slices.get(one.id)!;
            for (const window of windowsOf(account)) {
              const { startsAt, settledNano, heldNano } = account.windows[window]!;
              const isIts = startsAt <= slice.drawnAt;
              if (isIts) expect(settledNano + heldNano).toBeLessThanOrEqual(limitOf(account, window) ?? Infinity);
            }
          }
        }
        ledger = after;
      }
    });
  });

  it('what is held is what open slices have left, and nothing is ever less than nothing', () => {
    always(anything, ({ after }) => {
      const left = [...after.slices.values()].reduce(
        (sum, { grantedNano, spentNano }) => sum + Math.max(0, grantedNano - spentNano),
        0,
      );
      expect(after.accounts.get('org')!.windows.total!.heldNano).toBe(left);
      for (const { settledNano, heldNano, unconfirmedNano } of windows(after)) {
        expect(Math.min(settledNano, heldNano, unconfirmedNano)).toBeGreaterThanOrEqual(0);
        expect(unconfirmedNano).toBeLessThanOrEqual(settledNano);
      }
    });
  });

  it('a slice ends once: what has ended is open no more, and no draw brings it back', () => {
    always(anything, ({ at, before, after, what, answers }) => {
      const remembered = [...before.ended].filter(([, endedAt]) => endedAt + ENDED_MS > at).map(([key]) => key);
      for (const ended of [...remembered, ...before.unconfirmed.keys()]) {
        expect(after.slices.has(ended)).toBe(false);
        expect(after.ended.has(ended) || after.unconfirmed.has(ended)).toBe(true);
      }
      for (const open of before.slices.keys()) {
        const places = [after.slices, after.ended, after.unconfirmed].filter((map) => map.has(open));
        expect(places).toHaveLength(1);
      }
      if (what.do !== 'book') return;
      what.entries.forEach((one, index) => {
        if (one.op !== 'draw' || !(remembered.includes(one.id) || before.unconfirmed.has(one.id))) return;
        expect(answers[index]!.outcome).toBe('invalid');
      });
    });
  });

  it('the same entries again change nothing', () => {
    always(anything, ({ at, after, what }) => {
      if (what.do !== 'book') return;
      const sent = what.entries.filter(({ op }) => op !== 'draw' && op !== 'close-run');
      const once = book(after, sent, at).ledger;
      expect(json(book(once, sent, at).ledger)).toBe(json(once));
      for (const one of what.entries) {
        const drawn_ = book(once, [one], at);
        const again = book(drawn_.ledger, [one], at);
        expect(json(again.ledger)).toBe(json(drawn_.ledger));
        expect(again.answers).toEqual(drawn_.answers);
      }
    });
  });

  it('what is spent in all is what every slice and charge came to, and every level below knows its part', () => {
    always(anything, ({ after }) => {
      const total = (key: string): number => after.accounts.get(key)?.windows.total!.settledNano ?? 0;
      expect(total('team/a') + total('team/b')).toBeLessThanOrEqual(total('org'));
      expect(total('job/a/j')).toBeLessThanOrEqual(total('team/a'));
    });
  });

  it('one execution goes on where the last one ended', () => {
    always(anything, ({ after }) => {
      const carried = JSON.parse(json(after)) as CarriedLedger;
      expect(json(takeOver(carried))).toBe(json(after));
      expect(takeOver(carried)).toEqual(after);
    });
  });

  it('an alert is told once for each window of each level', () => {
    always(anything, ({ before, after }) => {
      const news = after.lines.slice(before.lines.length).filter(({ what }) => what === 'alert');
      let raised = 0;
      for (const [key, account] of after.accounts) {
        if (account.level === 'run') continue; // those may be forgotten together with their alert
        for (const window of windowsOf(account)) {
          const now = account.windows[window]!;
          const earlier = before.accounts.get(key)?.windows[window];
          const known = earlier?.startsAt === now.startsAt ? earlier.alertedAt : undefined;
          if (known === undefined && now.alertedAt !== undefined) raised += 1;
          if (known !== undefined) expect(now.alertedAt).toBe(known);
        }
      }
      expect(news.filter(({ account }) => !account.startsWith('r'))).toHaveLength(raised);
    });
  });
});

function granted(ledger: Ledger, slice: string): number {
  return ledger.slices.get(slice)?.grantedNano ?? 0;
}
