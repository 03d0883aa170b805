import type { Slice } from '../../contracts/budgets';
import { scopeOfProject } from '../../contracts/config/scope-of-project';
import type { CallModelInput } from '../../contracts/models';
import { toNano } from '../../contracts/money';
import type { Purse } from './client/model-client';
import { createSlicePurse } from './client/purses';
import type { ModelPorts } from './create-model-activities';

/** What a call is paid from, and the slice as it is now. */
export interface CallPurse {
  /** Absent where nothing is counted. */
  readonly purse?: Purse;
  slice(): Slice | undefined;
}

/** What is drawn at a time where the configuration does not say. */
const SLICE_NANO = toNano(0.25);

/**
 * A call spends from a budget where the organisation has any, or its run has one of its own.
 * @param isLost A call was under way when the worker was lost that tried this before.
 */
export function openPurse(ports: ModelPorts, input: CallModelInput, workflowId: string, isLost: boolean): CallPurse {
  const { spending } = input;
  const { budgets } = ports.config;
  if (spending === undefined || (budgets === undefined && spending.runLimitNano === undefined)) {
    return { slice: () => undefined };
  }
  let slice = spending.slice;
  const purse = createSlicePurse({
    spending: { ...spending, scope: scopeOfProject(budgets, input.project ?? input.run?.project, spending.scope) },
    ledger: ports.ledger,
    sliceNano: budgets?.slice ?? SLICE_NANO,
    holder: { kind: 'workflow', workflowId },
    onSlice: (now) => (slice = now),
  });
  return { purse: isLost ? payingForLostCall(purse) : purse, slice: () => slice };
}

/** What became of a lost call nobody knows, and it may be billed: its estimate counts, before the next one is made. */
function payingForLostCall(purse: Purse): Purse {
  let isPaid = false;
  return {
    scope: purse.scope,
    hold: async (estimateNano) => {
      if (!isPaid) (await purse.hold(estimateNano)).settle(undefined);
      isPaid = true;
      return purse.hold(estimateNano);
    },
  };
}
