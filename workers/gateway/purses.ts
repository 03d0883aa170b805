import { createProcessPurse, type ProcessPurse } from '../../activities/models/client/purses';
import type { Purse } from '../../activities/models/client/model-client';
import { LedgerUnavailable, type LedgerPort } from '../../activities/models/client/ports';
import type { BudgetScope } from '../../contracts/budgets';
import type { ModelConfig } from '../../contracts/config/model-config';
import { toNano } from '../../contracts/money';

/** What is kept ready for calls to come where the configuration does not say. */
const SLICE_NANO = toNano(0.25);

/** The money of this process: a purse for each team and job that asks. */
export interface Purses {
  /** Undefined: nothing is counted. */
  readonly of: (scope: BudgetScope) => Purse | undefined;
  /** Settle all that was drawn. Fails: LedgerUnavailable. */
  readonly close: () => Promise<void>;
}

export function createPurses(budgets: ModelConfig['budgets'], ledger: LedgerPort, name: string): Purses {
  const purses = new Map<string, ProcessPurse>();
  return {
    of(scope) {
      if (budgets === undefined) return undefined;
      const key = `${scope.team ?? ''}/${scope.job ?? ''}`;
      const known = purses.get(key);
      if (known) return known;
      const purse = createProcessPurse({ ledger, scope, name, sliceNano: budgets.slice ?? SLICE_NANO });
      purses.set(key, purse);
      return purse;
    },
    close: async () => void (await Promise.all([...purses.values()].map((purse) => purse.close()))),
  };
}

/** Probes come every few seconds, from several at once: the ledger is asked less often than that. */
const REMEMBERED_MS = 5_000;

/** Why the ledger cannot be asked; undefined: it answers. */
export function watchLedger(
  budgets: ModelConfig['budgets'],
  ledger: LedgerPort,
  name: string,
): () => Promise<string | undefined> {
  let last: { readonly at: number; readonly trouble: Promise<string | undefined> } | undefined;
  return () => {
    if (budgets === undefined) return Promise.resolve(undefined);
    if (last === undefined || Date.now() - last.at > REMEMBERED_MS) {
      last = { at: Date.now(), trouble: troubleOf(ledger, name) };
    }
    return last.trouble;
  };
}

/** Any answer will do: no slice has this name, so that nothing is booked. */
async function troubleOf(ledger: LedgerPort, name: string): Promise<string | undefined> {
  try {
    await ledger.book([{ op: 'report', id: `${name}/ready`, spentNano: 0 }]);
    return undefined;
  } catch (error) {
    if (error instanceof LedgerUnavailable) return error.message;
    throw error;
  }
}
