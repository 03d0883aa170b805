import type { LedgerActivities } from '../../contracts/budgets';
import { toNanoUp } from '../../contracts/money';

/** What is known of a workflow that holds money. */
export interface Holder {
  readonly open: boolean;
  /** US dollars that it has spent in all, where it says so. */
  readonly costUsd?: number;
}

export interface HolderPort {
  /** A workflow that nobody knows any more is not open. */
  readonly holder: (workflowId: string) => Promise<Holder>;
}

/** What a ledger asks the world. */
export function createLedgerActivities({ holder }: HolderPort): LedgerActivities {
  return {
    lookAtHolder: async ({ workflowId }) => {
      const { open, costUsd } = await holder(workflowId);
      const isKnown = !open && costUsd !== undefined && costUsd >= 0;
      return { open, ...(isKnown && { spentNano: toNanoUp(costUsd) }) };
    },
  };
}
