import type { LedgerAnswer, LedgerEntry, SliceHolder } from '../../../contracts/budgets';
import { toNano } from '../../../contracts/money';
import { newLedger, type Ledger } from '../../../workflows/budgets/books';
import { carry, takeOver } from '../../../workflows/budgets/carry';
import { book, declared, limitSet, looked, pass } from '../../../workflows/budgets/ledger';
import { holdersToAsk } from '../../../workflows/budgets/leases';
import { readEntry } from '../../../workflows/budgets/read-entry';
import { historyOf, standingOf, viewOf } from '../../../workflows/budgets/view';

// A Wednesday.
const NOON = Date.UTC(2027, 2, 10, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const process_: SliceHolder = { kind: 'process', name: 'gateway-1' };
const workflow: SliceHolder = { kind: 'workflow', workflowId: 'run/calculator/add-1' };
const scope = { team: 'platform', job: 'calculator', run: 'add-1' };

type Draw = Extract<LedgerEntry, { op: 'draw' }>;
const draw = (id: string, dollars: number, more: Partial<Draw> = {}): Draw => ({
  ...{ op: 'draw', id, scope, holder: workflow, leaseMs: HOUR },
  ...{ amountNano: toNano(dollars), atLeastNano: toNano(dollars) },
  ...more,
});
const settle = (id: string, dollars: number): LedgerEntry => ({ op: 'settle', id, spentNano: toNano(dollars) });
const charge = (id: string, dollars: number): LedgerEntry => ({ op: 'charge', id, scope, spentNano: toNano(dollars) });

/** A ledger that things are booked in one after the other. */
class Play {
  ledger: Ledger;
  at = NOON;

  constructor(org: Partial<Record<'day' | 'week' | 'month' | 'total', number>> = {}) {
    const limits = Object.entries(org).map(([window, dollars]) => ({
      window: window as 'day',
      limitNano: toNano(dollars),
    }));
    const declaration = { alertAt: 80, accounts: [{ level: 'org' as const, limits }] };
    this.ledger = declared(newLedger('acme', NOON), declaration, NOON);
  }

  book(...entries: LedgerEntry[]): readonly LedgerAnswer[] {
    const { ledger, answers } = book(this.ledger, entries, this.at);
    this.ledger = ledger;
    return answers;
  }

  one(entry: LedgerEntry): LedgerAnswer {
    return this.book(entry)[0]!;
  }

  go(ms: number): void {
    this.at += ms;
    this.ledger = pass(this.ledger, this.at);
  }

  window(window: 'day' | 'week' | 'month' | 'total', level = 'org') {
    const account = viewOf(this.ledger, this.at).accounts.find((one) => one.level === level);
    return account!.windows.find((one) => one.window === window)!;
  }

  lines(what: string): readonly string[] {
    return historyOf(this.ledger)
      .lines.filter((line) => line.what === what)
      .map(({ account, text }) => `${account}: ${text}`);
  }
}

const held = (dollars: number): LedgerAnswer => ({ outcome: 'held', grantedNano: toNano(dollars) });
const booked: LedgerAnswer = { outcome: 'booked' };
const sums = (settled: number, held_: number, unconfirmed = 0) => ({
  settledNano: toNano(settled),
  heldNano: toNano(held_),
  unconfirmedNano: toNano(unconfirmed),
});

describe('a draw', () => {
  it('holds what is asked at every level it names, and gives back what was not spent', () => {
    const play = new Play({ day: 10 });
    expect(play.one(draw('a', 4, { runLimitNano: toNano(5) }))).toEqual(held(4));
    for (const level of ['org', 'team', 'job']) expect(play.window('day', level)).toMatchObject(sums(0, 4));
    expect(viewOf(play.ledger, play.at).runs).toMatchObject([
      { run: 'add-1', total: { limitNano: toNano(5), ...sums(0, 4) } },
    ]);
    expect(play.one(settle('a', 1.5))).toEqual(booked);
    for (const level of ['org', 'team', 'job']) expect(play.window('total', level)).toMatchObject(sums(1.5, 0));
    expect(viewOf(play.ledger, play.at).slices).toEqual([]);
  });

  it('gets what is left where that is as much as it needs', () => {
    const play = new Play({ day: 1 });
    play.book(charge('c', 0.4));
    expect(play.one(draw('a', 1, { atLeastNano: toNano(0.5) }))).toEqual(held(0.6));
  });

  it('is refused by the first level from the organisation down that has too little, until its window begins anew', () => {
    const play = new Play({ day: 10 });
    const account = { level: 'team' as const, team: 'platform' };
    play.ledger = limitSet(play.ledger, { account, window: 'week', limitNano: toNano(2), who: 'ada' }, play.at).ledger;
    play.book(draw('a', 1.5));
    expect(play.one(draw('b', 1, { runLimitNano: toNano(1) }))).toEqual({
      ...{ outcome: 'refused', level: 'team', account: 'platform', window: 'week' },
      ...{ limitNano: toNano(2), settledNano: 0, heldNano: toNano(1.5), askedNano: toNano(1) },
      retryAt: Date.UTC(2027, 2, 15),
    });
    expect(play.window('day').heldNano).toBe(toNano(1.5));
    play.book(settle('a', 0));
    expect(play.one(draw('c', 1.5))).toMatchObject({ outcome: 'refused', level: 'run', account: 'add-1' });
  });

  it('is told to wait for the window that ends last, and not to wait for what never fits', () => {
    const play = new Play({ day: 1, month: 1.5 });
    play.book(charge('c', 1));
    expect(play.one(draw('a', 0.4))).toMatchObject({ window: 'day', retryAt: Date.UTC(2027, 2, 11) });
    expect(play.one(draw('a', 0.6))).toMatchObject({ window: 'month', retryAt: Date.UTC(2027, 3, 1) });
    const never = play.one(draw('a', 1.2));
    expect(never).toMatchObject({ outcome: 'refused', window: 'day' });
    expect(never).not.toHaveProperty('retryAt');
  });

  it('of nothing is held where nothing is left: what costs nothing needs no money', () => {
    const play = new Play({ day: 0 });
    expect(play.one(draw('a', 0))).toEqual(held(0));
    expect(play.one(draw('b', 0.01))).toMatchObject({ outcome: 'refused' });
  });

  it('that comes again is answered with what is held, and grows only where that is too little by now', () => {
    const play = new Play({ day: 10 });
    expect([play.one(draw('a', 1)), play.one(draw('a', 1))]).toEqual([held(1), held(1)]);
    expect(play.one(draw('a', 3, { atLeastNano: toNano(1) }))).toEqual(held(1));
    expect(play.one(draw('a', 3, { atLeastNano: toNano(2) }))).toEqual(held(3));
    expect(play.window('day')).toMatchObject(sums(0, 3));
    expect(play.one(draw('a', 12))).toMatchObject({ outcome: 'refused', askedNano: toNano(9) });
    expect(play.one(draw('a', 1, { scope: {} }))).toMatchObject({ outcome: 'invalid' });
  });

  it('of a slice that has ended, or was given back before it came, is not admitted', () => {
    const play = new Play();
    play.book(draw('a', 1), settle('a', 1), { op: 'release', id: 'b' });
    expect(play.book(draw('a', 1), draw('b', 1))).toMatchObject([{ outcome: 'invalid' }, { outcome: 'invalid' }]);
    expect(play.window('day')).toMatchObject(sums(1, 0));
  });
});

describe('the end of a slice', () => {
  it('is booked once, however often it is told', () => {
    const play = new Play({ day: 10 });
    play.book(draw('a', 1));
    expect(play.book(settle('a', 0.2), settle('a', 0.9), { op: 'release', id: 'a' })).toEqual([booked, booked, booked]);
    expect(play.window('day')).toMatchObject(sums(0.2, 0));
    expect(play.book(charge('c', 1), charge('c', 1))).toEqual([booked, booked]);
    expect(play.window('day')).toMatchObject(sums(1.2, 0));
  });

  it('books what was spent above the grant, and tells it', () => {
    const play = new Play({ day: 1 });
    play.book(draw('a', 0.9), settle('a', 1.4));
    expect(play.window('day')).toMatchObject(sums(1.4, 0));
    expect(play.lines('over')).toEqual([
      'acme: $0.4000 over the limit of $1.00 a day',
      'add-1: the slice "a" has spent $1.40, and $0.9000 was held for it',
    ]);
    play.book(charge('c', 1));
    expect(play.lines('over')).toHaveLength(2);
  });

  it('is what its holder has reported at the least', () => {
    const play = new Play({ day: 10 });
    const report = (dollars: number): LedgerEntry => ({ op: 'report', id: 'a', spentNano: toNano(dollars) });
    play.book(draw('a', 1), report(0.6), report(0.3));
    expect(play.window('day')).toMatchObject(sums(0.6, 0.4));
    play.book(settle('a', 0.1));
    expect(play.window('day')).toMatchObject(sums(0.6, 0));
  });

  it('is at the estimate where somebody gives it back who does not know, until a settle tells', () => {
    const play = new Play({ day: 10 });
    play.book(draw('a', 1, { atLeastNano: toNano(0.2) }), { op: 'release', id: 'a' });
    expect(play.window('day')).toMatchObject(sums(0.2, 0, 0.2));
    play.book(settle('a', 0.05), settle('a', 0.9));
    expect(play.window('day')).toMatchObject(sums(0.05, 0));
    expect(play.lines('corrected')).toEqual(['add-1: the slice "a" has spent $0.0500, where $0.2000 was assumed']);
  });
});

describe('a lease that runs out', () => {
  const gone = draw('a', 1, { holder: process_, leaseMs: MINUTE, scope: { team: 'platform' } });

  it('of a process: all it held counts as spent and is marked, until it is heard of after all', () => {
    const play = new Play({ day: 10 });
    play.book(gone);
    play.go(MINUTE - 1);
    expect(play.window('day')).toMatchObject(sums(0, 1));
    play.go(1);
    expect(play.window('day')).toMatchObject(sums(1, 0, 1));
    expect(play.lines('unconfirmed')).toHaveLength(1);
    expect(play.one({ op: 'report', id: 'a', spentNano: 0 })).toEqual(booked);
    play.book(settle('a', 0.3), settle('a', 0.8));
    expect(play.window('day')).toMatchObject(sums(0.3, 0));
  });

  it('is put off by a report, also by one that comes just in time', () => {
    const play = new Play({ day: 10 });
    play.book(gone);
    play.at += MINUTE;
    play.book({ op: 'report', id: 'a', spentNano: 0 });
    play.go(MINUTE - 1);
    expect(play.window('day')).toMatchObject(sums(0, 1));
  });

  it('of a workflow at work: it keeps its slices, and is asked after again', () => {
    const play = new Play({ day: 10 });
    play.book(draw('a', 1), draw('b', 1), draw('c', 1, { leaseMs: 3 * HOUR }));
    expect(holdersToAsk(play.ledger, play.at)).toEqual([]);
    play.go(HOUR);
    expect(play.window('day')).toMatchObject(sums(0, 3));
    expect(holdersToAsk(play.ledger, play.at)).toEqual(['run/calculator/add-1']);
    const found = { workflowId: 'run/calculator/add-1', askedAt: play.at, open: true };
    play.ledger = looked(play.ledger, found, play.at, MINUTE);
    expect(holdersToAsk(play.ledger, play.at + MINUTE - 1)).toEqual([]);
    expect(holdersToAsk(play.ledger, play.at + MINUTE)).toEqual(['run/calculator/add-1']);
  });

  it('of a workflow that has ended: what it has spent in all is settled, and the rest goes back', () => {
    const play = new Play({ day: 10 });
    play.book(draw('done', 1), settle('done', 0.5), charge('agent', 0.25), draw('a', 1), draw('b', 1));
    play.go(HOUR);
    const found = { workflowId: 'run/calculator/add-1', askedAt: play.at, open: false, spentNano: toNano(1.95) };
    play.ledger = looked(play.ledger, found, play.at, MINUTE);
    expect(play.window('day')).toMatchObject(sums(1.95, 0));
    expect(viewOf(play.ledger, play.at).slices).toEqual([]);
    play.book(settle('a', 1));
    expect(play.window('day')).toMatchObject(sums(1.95, 0));
  });

  it('of a workflow that nobody knows any more: all that was granted counts as spent, and is marked', () => {
    const play = new Play({ day: 10 });
    play.book(draw('a', 1), draw('later', 1, { leaseMs: 2 * HOUR }));
    play.go(HOUR);
    const found = { workflowId: 'run/calculator/add-1', askedAt: play.at, open: false };
    play.ledger = looked(play.ledger, found, play.at, MINUTE);
    expect(play.window('day')).toMatchObject(sums(1, 1, 1));
  });
});

describe('windows', () => {
  it('begin anew at midnight, on Monday and on the first, UTC; the total never does', () => {
    const play = new Play({ day: 1, week: 100, month: 100, total: 1_000 });
    play.book(charge('c', 1));
    expect(play.one(draw('a', 0.1))).toMatchObject({ outcome: 'refused', retryAt: Date.UTC(2027, 2, 11) });
    play.go(12 * HOUR);
    expect([play.window('day'), play.window('week')]).toMatchObject([sums(0, 0), sums(1, 0)]);
    play.go(4 * DAY);
    expect([play.window('week'), play.window('month')]).toMatchObject([sums(0, 0), sums(1, 0)]);
    play.go(17 * DAY);
    expect([play.window('month'), play.window('total')]).toMatchObject([sums(0, 0), sums(1, 0)]);
    expect(play.window('month')).toMatchObject({ startsAt: Date.UTC(2027, 3, 1), endsAt: Date.UTC(2027, 4, 1) });
    const past = historyOf(play.ledger).past.filter(({ account }) => account === 'acme');
    expect(past.map(({ window, settledNano }) => [window, settledNano])).toEqual([
      ['day', toNano(1)],
      ['week', toNano(1)],
      ['month', toNano(1)],
    ]);
  });

  it('keep the slices that were drawn in them, however late these are spent and settled', () => {
    const play = new Play({ day: 1 });
    play.book(draw('late', 0.8));
    play.go(12 * HOUR);
    expect(play.window('day')).toMatchObject(sums(0, 0));
    expect(play.one(draw('new', 1))).toEqual(held(1));
    play.book({ op: 'report', id: 'late', spentNano: toNano(0.3) }, settle('late', 0.5));
    expect(play.window('day')).toMatchObject(sums(0, 1));
    expect(play.window('total')).toMatchObject(sums(0.5, 1));
    const yesterday = historyOf(play.ledger).past.find(({ account }) => account === 'acme');
    expect(yesterday).toMatchObject({ window: 'day', startsAt: Date.UTC(2027, 2, 10), settledNano: toNano(0.5) });
  });
});

describe('an alert', () => {
  it('is raised once for each window and level, and again in the next window', () => {
    const play = new Play({ day: 1, month: 10 });
    play.book(charge('a', 0.79));
    expect(play.lines('alert')).toEqual([]);
    play.book(charge('b', 0.01), charge('c', 0.1), draw('d', 0.05), settle('d', 0.05));
    expect(play.lines('alert')).toEqual(['acme: $0.8000 of $1.00 a day is spent']);
    expect(standingOf(play.ledger, play.at).alerts).toMatchObject([{ level: 'org', account: 'acme', window: 'day' }]);
    play.go(12 * HOUR);
    expect(standingOf(play.ledger, play.at).alerts).toEqual([]);
    play.book(charge('e', 0.9));
    expect(play.lines('alert')).toHaveLength(2);
  });

  it('comes with the first refusal, where the window is held and not spent', () => {
    const play = new Play({ day: 1 });
    play.book(draw('a', 1), draw('b', 0.5), draw('c', 0.5));
    expect(play.lines('alert')).toEqual(['acme: $0.00 of $1.00 a day is spent, $1.00 is held']);
    expect(play.lines('refused')).toEqual(['acme: $0.5000 asked, $0.00 left of $1.00 a day']);
  });

  it('is raised anew when the limit has changed', () => {
    const play = new Play({ day: 1 });
    play.book(charge('a', 0.9));
    const set = (dollars: number) => {
      const account = { level: 'org' as const };
      const request = { account, window: 'day' as const, limitNano: toNano(dollars), who: 'ada' };
      play.ledger = limitSet(play.ledger, request, play.at).ledger;
    };
    set(10);
    expect(play.window('day')).not.toHaveProperty('alertedAt');
    set(1.1);
    expect(play.lines('alert')).toHaveLength(2);
  });
});

describe('limits', () => {
  const org = { level: 'org' as const };

  it('set by hand stand above those declared until they are withdrawn', () => {
    const play = new Play({ day: 1 });
    const set = { account: org, window: 'day' as const, who: 'ada', comment: 'release week' };
    const { ledger, message } = limitSet(play.ledger, { ...set, limitNano: toNano(3) }, play.at);
    expect(message).toBe('acme may spend $3.00 a day.');
    const again = { alertAt: 80, accounts: [{ ...org, limits: [{ window: 'day' as const, limitNano: toNano(2) }] }] };
    play.ledger = declared(ledger, again, play.at);
    expect(play.window('day')).toMatchObject({
      limitNano: toNano(3),
      declaredNano: toNano(2),
      setBy: { who: 'ada', comment: 'release week', at: NOON },
    });
    const withdrawn = limitSet(play.ledger, set, play.at);
    expect(withdrawn.message).toBe('What was set for acme is withdrawn: $2.00 a day.');
    play.ledger = withdrawn.ledger;
    expect(play.window('day').limitNano).toBe(toNano(2));
  });

  it('declared again in the same words change nothing, and those no longer declared are gone', () => {
    const play = new Play({ day: 1, month: 5 });
    play.book(charge('c', 0.9));
    const before = JSON.stringify(carry(play.ledger));
    const limits = [
      { window: 'day' as const, limitNano: toNano(1) },
      { window: 'month' as const, limitNano: toNano(5) },
    ];
    play.ledger = declared(play.ledger, { alertAt: 80, accounts: [{ ...org, limits }] }, play.at);
    expect(JSON.stringify(carry(play.ledger))).toBe(before);
    play.ledger = declared(play.ledger, { alertAt: 80, accounts: [] }, play.at);
    expect(play.window('day')).not.toHaveProperty('limitNano');
    expect(play.lines('declared').at(-1)).toBe('acme: no limit a day, no limit a month');
    expect(play.window('day')).toMatchObject(sums(0.9, 0));
  });
});

describe('a run', () => {
  it('is forgotten when it was closed and its slices have ended', () => {
    const play = new Play();
    play.book(draw('a', 1), { op: 'close-run', run: 'add-1' });
    expect(viewOf(play.ledger, play.at).runs).toHaveLength(1);
    play.book(settle('a', 1));
    expect(viewOf(play.ledger, play.at).runs).toEqual([]);
    expect(play.window('total')).toMatchObject(sums(1, 0));
  });

  it('that goes on begins at nothing, and what is corrected of before is not its own', () => {
    const play = new Play();
    play.book(draw('a', 1), { op: 'release', id: 'a' }, { op: 'close-run', run: 'add-1' });
    play.book(draw('b', 1, { runLimitNano: toNano(1) }), settle('b', 0.5), settle('a', 0.25));
    expect(viewOf(play.ledger, play.at).runs).toMatchObject([{ run: 'add-1', total: sums(0.5, 0) }]);
    expect(play.window('total')).toMatchObject(sums(0.75, 0));
  });
});

describe('what is remembered', () => {
  it('is bounded: all of it stays below a megabyte, and goes on from there as it was', () => {
    const play = new Play({ day: 1_000_000 });
    const long = (text: string, at: number) => `${text}-${at}-`.padEnd(70, 'x');
    for (let at = 0; at < 2_000; at += 1) {
      const where = { team: `team-${at % 20}`, job: `job-${at % 200}-of-some-length`, run: `run-${at}-of-some-length` };
      const holder: SliceHolder = { kind: 'workflow', workflowId: `run/${where.job}/${where.run}` };
      play.book(
        draw(long('slice', at), 0.25, { scope: where, holder }),
        draw(long('gone', at), 0.25, { scope: where, holder: process_, leaseMs: 100 }),
        { op: 'charge', id: long('charge', at), scope: where, spentNano: 1 },
      );
      if (at % 100 === 0) play.go(HOUR);
    }
    const carried = JSON.stringify(carry(play.ledger));
    expect(carried.length).toBeLessThan(1_000_000);
    expect(takeOver(JSON.parse(carried) as ReturnType<typeof carry>)).toEqual({ ...play.ledger });
    expect(play.one(draw('one-more', 1))).toMatchObject({ outcome: 'invalid', message: /as many slices as it can/ });
  });
});

describe('an entry that makes no sense', () => {
  it('is answered with what is wrong, and spoils no other', () => {
    const good = draw('a', 1);
    const bad: unknown[] = [
      undefined,
      'draw',
      { ...good, op: 'steal' },
      { ...good, id: '' },
      { ...good, id: 'x'.repeat(201) },
      { ...good, amountNano: 0.5 },
      { ...good, amountNano: -1 },
      { ...good, atLeastNano: good.amountNano + 1 },
      { ...good, leaseMs: Number.NaN },
      { ...good, scope: { job: 'calculator' } },
      { ...good, scope: { team: 'a/b' } },
      { ...good, holder: { kind: 'person' } },
      { op: 'settle', id: 'a' },
      { op: 'close-run' },
    ];
    const read = bad.map(readEntry);
    expect(read.map((one) => typeof one)).toEqual(bad.map(() => 'string'));
    const { answers } = book(newLedger('acme', NOON), [read[0]!, readEntry(good)], NOON);
    expect(answers).toMatchObject([{ outcome: 'invalid' }, { outcome: 'held' }]);
    expect(readEntry({ ...good, runLimitNano: 1 })).toEqual({ ...good, runLimitNano: 1 });
  });
});
