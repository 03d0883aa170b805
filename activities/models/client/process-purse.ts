import { randomUUID } from 'node:crypto';
import type { BudgetScope, LedgerEntry } from '../../../contracts/budgets';
import type { NanoDollars } from '../../../contracts/money';
import { DrawnSlices } from './drawn-slices';
import { OverBudget, type Hold, type Purse } from './model-client';
import { bookOrStop, grantOf } from './over-budget';
import type { LedgerPort } from './ports';

/** Money for the calls of a process that serves many at once: most holds cost microseconds, because nobody is asked. */
export interface ProcessPurse extends Purse {
  /** Settle all that was drawn. Calls that are under way count at their estimates. Fails: LedgerUnavailable. */
  close(): Promise<void>;
}

export interface ProcessPurseOptions {
  readonly ledger: LedgerPort;
  readonly scope: BudgetScope;
  /** The process, as its slices name their holder. */
  readonly name: string;
  /** What is kept ready for calls to come. */
  readonly sliceNano: NanoDollars;
  /** What is spent is reported this often. */
  readonly reportMs?: number;
  /** A process that is not heard of for this long is lost, and all it has drawn counts as spent. */
  readonly leaseMs?: number;
  /** Money that nobody used for this long is given back. */
  readonly idleMs?: number;
}

const DEFAULTS = { reportMs: 2_000, leaseMs: 60_000, idleMs: 30_000 } as const;

export function createProcessPurse(options: ProcessPurseOptions): ProcessPurse {
  const purse = new DrawnAhead({ ...DEFAULTS, ...options });
  return {
    scope: options.scope,
    hold: (estimateNano) => purse.hold(estimateNano),
    close: () => purse.close(),
  };
}

interface Waiting {
  readonly estimateNano: NanoDollars;
  readonly held: (hold: Hold) => void;
  readonly failed: (error: unknown) => void;
}

class DrawnAhead {
  private readonly slices: DrawnSlices;
  private waiting: Waiting[] = [];
  private drawing: Promise<void> | undefined;
  /** Not before this is money drawn ahead again. */
  private drawAheadAt = 0;
  private reporting: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly options: Required<ProcessPurseOptions>) {
    this.slices = new DrawnSlices(options);
  }

  hold(estimateNano: NanoDollars): Promise<Hold> {
    if (this.isClosed) return Promise.reject(new Error('The process is ending: it takes no money any more.'));
    const hold = this.take(estimateNano);
    if (hold !== undefined) {
      this.drawAhead();
      return Promise.resolve(hold);
    }
    return new Promise((held, failed) => {
      this.waiting.push({ estimateNano, held, failed });
      this.drawing ??= this.drawForAll();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    await this.drawing;
    await this.reporting;
    this.slices.endAll();
    const entries = this.slices.endings();
    if (entries.length > 0) this.slices.booked(entries, await this.options.ledger.book(entries));
  }

  private take(estimateNano: NanoDollars): Hold | undefined {
    const slice = this.slices.find(estimateNano);
    if (slice === undefined) return undefined;
    slice.heldNano += estimateNano;
    slice.usedAt = Date.now();
    let isOver = false;
    return {
      settle: (spentNano = estimateNano) => {
        if (isOver || this.isClosed) return; // with the purse all calls under way were settled
        isOver = true;
        slice.heldNano -= estimateNano;
        slice.spentNano += spentNano;
        this.serve();
      },
    };
  }

  /** Whoever waits and fits now; the others keep their order. */
  private serve(): void {
    if (this.waiting.length === 0) return;
    this.waiting = this.waiting.filter(({ estimateNano, held }) => {
      const hold = this.take(estimateNano);
      if (hold !== undefined) held(hold);
      return hold === undefined;
    });
  }

  /** One draw at a time, for all who wait, so that a thousand of them make few updates. */
  private async drawForAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const asking = new Set(this.waiting);
      const estimates = this.waiting.map(({ estimateNano }) => estimateNano);
      const sum = estimates.reduce((total, one) => total + one, 0);
      // The least of them is served, or there is no room for any of them.
      const error = await this.draw(sum + this.options.sliceNano, Math.min(...estimates));
      this.serve();
      if (error === undefined) continue;
      const refused = this.waiting.filter((one) => asking.has(one));
      this.waiting = this.waiting.filter((one) => !asking.has(one));
      for (const { failed } of refused) failed(error);
    }
    this.drawing = undefined;
  }

  /** Below half of a slice the next one is drawn, before anybody has to wait for it. */
  private drawAhead(): void {
    const { sliceNano, reportMs } = this.options;
    if (this.drawing !== undefined || Date.now() < this.drawAheadAt) return;
    if (this.slices.leftNano >= sliceNano / 2) return;
    this.drawing = this.draw(sliceNano, Math.min(1, sliceNano)).then((error) => {
      // Nobody waits for it: whoever needs money will be told why there is none.
      if (error !== undefined) this.drawAheadAt = Date.now() + reportMs;
      this.serve();
      return this.drawForAll();
    });
  }

  /** Gives why there is no new slice. What is left in pieces too small for anybody goes back in the same step. */
  private async draw(amountNano: NanoDollars, atLeastNano: NanoDollars): Promise<unknown> {
    const { ledger, scope, name, leaseMs, reportMs } = this.options;
    const id = `${name}/${randomUUID()}`;
    this.slices.endBelow(atLeastNano);
    const endings = this.slices.endings();
    const holder = { kind: 'process', name } as const;
    const draw: LedgerEntry = { op: 'draw', id, scope, amountNano, atLeastNano, leaseMs, holder };
    this.timer ??= setInterval(() => this.report(), reportMs).unref();
    try {
      const answers = await bookOrStop(ledger, [...endings, draw]);
      this.slices.booked(endings, answers);
      this.slices.add(id, grantOf(answers.at(-1)));
      return undefined;
    } catch (error) {
      if (!(error instanceof OverBudget)) this.slices.lost(id);
      return error;
    }
  }

  private report(): void {
    this.reporting ??= this.tell().finally(() => (this.reporting = undefined));
  }

  /** What could not be told now is told the next time. */
  private async tell(): Promise<void> {
    const entries = this.slices.news();
    if (entries.length > 0) {
      const answers = await this.options.ledger.book(entries).catch(() => undefined);
      if (answers !== undefined) this.slices.booked(entries, answers);
    }
    if (!this.slices.isEmpty || this.drawing !== undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
