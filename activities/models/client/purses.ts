import { leftOf, type LedgerEntry, type Slice, type SliceHolder } from '../../../contracts/budgets';
import type { Spending } from '../../../contracts/models';
import type { NanoDollars } from '../../../contracts/money';
import type { Hold, Purse } from './model-client';
import { bookOrStop, grantOf } from './over-budget';
import type { LedgerPort } from './ports';

export { createProcessPurse, type ProcessPurse } from './process-purse';

export interface SlicePurseOptions {
  readonly spending: Spending;
  readonly ledger: LedgerPort;
  /** What is drawn at the least, so that the next calls need not ask. */
  readonly sliceNano: NanoDollars;
  readonly holder: SliceHolder;
  /** Hears of a slice whenever it has changed: drawn, grown, or spent from. One call after the other has one slice. */
  readonly onSlice: (slice: Slice) => void;
}

/** The holder of a slice that does not renew it is looked for after this long. */
const LEASE_MS = 10 * 60_000;

/**
 * Money for the calls of one activity, from a slice that its workflow holds. Where that has too little, the next slice
 * is drawn, under the id that the workflow chose, so that every try draws the same one. What is left of the first one
 * stays the workflow's: it is only reported.
 */
export function createSlicePurse(options: SlicePurseOptions): Purse {
  const purse = new SlicePurse(options);
  return { scope: options.spending.scope, hold: (estimateNano) => purse.hold(estimateNano) };
}

class SlicePurse {
  private paying: Paying | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: SlicePurseOptions) {
    const { slice } = options.spending;
    this.paying = slice && { slice, heldNano: 0 };
  }

  /** Holds come one after the other: the second of two may find that the first has drawn enough for both. */
  hold(estimateNano: NanoDollars): Promise<Hold> {
    const mine = this.last.then(async () => this.holdFrom(await this.withRoom(estimateNano), estimateNano));
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private holdFrom(paying: Paying, estimateNano: NanoDollars): Hold {
    paying.heldNano += estimateNano;
    let isOver = false;
    return {
      settle: (spentNano = estimateNano) => {
        if (isOver) return;
        isOver = true;
        paying.heldNano -= estimateNano;
        this.change(paying, { ...paying.slice, spentNano: paying.slice.spentNano + spentNano });
      },
    };
  }

  private async withRoom(estimateNano: NanoDollars): Promise<Paying> {
    const { paying } = this;
    if (paying !== undefined && leftOf(paying.slice) - paying.heldNano >= estimateNano) return paying;
    const isNext = paying?.slice.id === this.options.spending.nextSlice;
    const next = isNext ? paying : undefined;
    const grantedNano = await this.draw(estimateNano, paying, next);
    this.paying = next ?? { slice: { id: this.options.spending.nextSlice, grantedNano, spentNano: 0 }, heldNano: 0 };
    this.change(this.paying, { ...this.paying.slice, grantedNano });
    return this.paying;
  }

  /** @param next The next slice itself, where it is drawn and has too little: it grows. */
  private async draw(estimateNano: NanoDollars, before: Paying | undefined, next: Paying | undefined): Promise<number> {
    const { spending, ledger, sliceNano, holder } = this.options;
    const { nextSlice: id, scope, runLimitNano } = spending;
    const used = next === undefined ? 0 : next.slice.spentNano + next.heldNano;
    const draw: LedgerEntry = {
      ...{ op: 'draw', id, scope, holder, leaseMs: LEASE_MS },
      ...{ amountNano: used + Math.max(estimateNano, sliceNano), atLeastNano: used + estimateNano },
      ...(runLimitNano !== undefined && { runLimitNano }),
    };
    const reported = before === undefined ? [] : [reportOf(before.slice)];
    const answers = await bookOrStop(ledger, [...reported, draw]);
    return grantOf(answers.at(-1));
  }

  private change(paying: Paying, slice: Slice): void {
    paying.slice = slice;
    this.options.onSlice(slice);
  }
}

/** A slice that is paid from, and what of it is held for calls that are under way. */
interface Paying {
  slice: Slice;
  heldNano: NanoDollars;
}

function reportOf({ id, spentNano }: Slice): LedgerEntry {
  return { op: 'report', id, spentNano };
}
