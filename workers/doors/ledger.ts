import type { LedgerPort } from '../../activities/models/client/ports';
import { declareBudgetsUpdate } from '../../contracts/budgets';
import { declarationOf } from '../../contracts/config/declare-budgets';
import type { BudgetsFile } from '../../contracts/schemas/config/budgets';
import { LedgerDoor, type LedgerDoorOptions } from './ledger-door';

/** What a process books with its organisation's ledger. */
export interface Ledger extends LedgerPort {
  /**
   * Tell the ledger what the configuration declares, if it declares anything; once in the life of a process. Whoever
   * books waits for it, so that nothing is spent under limits that the ledger has not heard of. Fails: LedgerUnavailable.
   */
  readonly declareBudgets: () => Promise<void>;
}

export interface LedgerOptions extends LedgerDoorOptions {
  /** What the configuration declares. */
  readonly budgets?: BudgetsFile;
}

/** Nothing is sent before it is used; the ledger is started by the first entry that is ever booked. */
export function createLedger(options: LedgerOptions): Ledger {
  const door = new LedgerDoor(options);
  const declareBudgets = once(async () => {
    const { budgets } = options;
    if (budgets !== undefined) await door.update(declareBudgetsUpdate, declarationOf(budgets), door.deadline());
  });
  return {
    declareBudgets,
    book: async (entries) => {
      await declareBudgets();
      return door.book(entries);
    },
  };
}

/** Done once; where it failed, whoever asks next has it done again. */
function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}
