import type { NanoDollars } from '../../contracts/money';
import { NOTHING_SPENT, type TaskSpending } from '../../contracts/tasks/spending';
import { OverBudget, type Purse } from '../models/client/model-client';

/** Counted at what it was expected to cost, because nobody ever said what it did. */
export function unconfirmed(estimateNano: NanoDollars): TaskSpending {
  return { ...NOTHING_SPENT, costNano: estimateNano, unconfirmedNano: estimateNano };
}

/** A purse that remembers what its last hold came to. */
export interface WatchedPurse extends Purse {
  /** Since the last look; nothing where no money was held. */
  look(): TaskSpending;
}

export function watched(purse: Purse): WatchedPurse {
  let last = NOTHING_SPENT;
  return {
    scope: purse.scope,
    hold: async (estimateNano) => {
      const hold = await purse.hold(estimateNano);
      return {
        settle: (spentNano) => {
          last = spentNano === undefined ? unconfirmed(estimateNano) : { ...NOTHING_SPENT, costNano: spentNano };
          hold.settle(spentNano);
        },
      };
    },
    look: () => {
      const seen = last;
      last = NOTHING_SPENT;
      return seen;
    },
  };
}

/**
 * Take from a purse what earlier attempts spent of the same slices, so that it knows what is left of them. What is
 * refused now is spent all the same.
 */
export async function spendAgain(purse: Purse | undefined, { costNano, unconfirmedNano }: TaskSpending): Promise<void> {
  if (purse === undefined) return;
  try {
    const confirmed = costNano - unconfirmedNano;
    if (confirmed > 0) (await purse.hold(confirmed)).settle(confirmed);
    if (unconfirmedNano > 0) (await purse.hold(unconfirmedNano)).settle(undefined);
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
  }
}
