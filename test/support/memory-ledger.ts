import { setTimeout as sleep } from 'node:timers/promises';
import type { BudgetAccountName, LedgerAnswer, LedgerEntry, LedgerView, WindowView } from '../../contracts/budgets';
import type { NanoDollars } from '../../contracts/money';
import { LedgerUnavailable, type LedgerPort } from '../../activities/models/client/ports';
import { newLedger } from '../../workflows/budgets/books';
import { book, declared, pass } from '../../workflows/budgets/ledger';
import { viewOf } from '../../workflows/budgets/view';

/** The real rules of a ledger behind the port, in memory. */
export class MemoryLedger implements LedgerPort {
  /** Every update, as it came. */
  readonly updates: (readonly LedgerEntry[])[] = [];
  /** `down`: nothing arrives. `deaf`: everything is booked, and no answer comes back. */
  fault: 'none' | 'down' | 'deaf' = 'none';
  private ledger = newLedger('acme', Date.now());

  constructor(
    limits: readonly (BudgetAccountName & { readonly dayNano: NanoDollars })[] = [],
    private readonly answerMs = 1,
  ) {
    const accounts = limits.map(({ dayNano, ...account }) => ({
      ...{ ...account, limits: [{ window: 'day' as const, limitNano: dayNano }] },
    }));
    this.ledger = declared(this.ledger, { alertAt: 80, accounts }, Date.now());
  }

  book = async (entries: readonly LedgerEntry[]): Promise<readonly LedgerAnswer[]> => {
    await sleep(this.answerMs);
    if (this.fault === 'down') throw new LedgerUnavailable('The budgets of acme gave no answer in time.');
    this.updates.push(entries);
    const { ledger, answers } = book(this.ledger, entries, Date.now());
    this.ledger = ledger;
    if (this.fault === 'deaf') throw new LedgerUnavailable('The budgets of acme gave no answer in time.');
    return answers;
  };

  get view(): LedgerView {
    this.ledger = pass(this.ledger, Date.now());
    return viewOf(this.ledger, Date.now());
  }

  /** What is spent and held in all, over all levels below. */
  get total(): Pick<WindowView, 'settledNano' | 'heldNano' | 'unconfirmedNano'> {
    const window = this.view.accounts
      .find(({ level }) => level === 'org')
      ?.windows.find((one) => one.window === 'total');
    const { settledNano = 0, heldNano = 0, unconfirmedNano = 0 } = window ?? {};
    return { settledNano, heldNano, unconfirmedNano };
  }
}
