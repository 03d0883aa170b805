import type { Slice } from '../../contracts/budgets';
import { scopeOfProject } from '../../contracts/config/scope-of-project';
import type { CallModelInput } from '../../contracts/models';
import { toNano, type NanoDollars } from '../../contracts/money';
import type { Purse } from './client/model-client';
import { createSlicePurse } from './client/purses';
import type { ModelPorts } from './ports';

/** What a call is paid from, and the slice as it is now. */
export interface CallPurse {
  /** Absent where nothing is counted. */
  readonly purse?: Purse;
  slice(): Slice | undefined;
  /** What counts for a call that was lost with its worker; undefined: nothing. */
  lostNano(): NanoDollars | undefined;
}

/** What is drawn at a time where the configuration does not say. */
const SLICE_NANO = toNano(0.25);

/**
 * A call spends from a budget where the organisation has any, or its run has one of its own. A single question draws
 * what its call may cost and no more: it makes few, and what it held beyond that would keep others waiting.
 * @param isLost A call was under way when the worker was lost that tried this before.
 */
export function openPurse(ports: ModelPorts, input: CallModelInput, workflowId: string, isLost: boolean): CallPurse {
  const { spending } = input;
  const { budgets } = ports.config;
  if (spending === undefined || (budgets === undefined && spending.runLimitNano === undefined)) {
    return { slice: () => undefined, lostNano: () => undefined };
  }
  let slice = spending.slice;
  let lostNano: NanoDollars | undefined;
  const purse = createSlicePurse({
    spending: { ...spending, scope: scopeOfProject(budgets, input.project ?? input.run?.project, spending.scope) },
    ledger: ports.ledger,
    sliceNano: input.run === undefined ? 0 : (budgets?.slice ?? SLICE_NANO),
    holder: { kind: 'workflow', workflowId },
    onSlice: (now) => (slice = now),
  });
  const paying = isLost ? payingForLostCall(purse, (nano) => (lostNano = nano)) : purse;
  return { purse: paying, slice: () => slice, lostNano: () => lostNano };
}

/** What became of a lost call nobody knows, and it may be billed: its estimate counts, before the next one is made. */
function payingForLostCall(purse: Purse, onPaid: (nano: NanoDollars) => void): Purse {
  let isPaid = false;
  return {
    scope: purse.scope,
    hold: async (estimateNano) => {
      if (!isPaid) {
        (await purse.hold(estimateNano)).settle(undefined);
        onPaid(estimateNano);
      }
      isPaid = true;
      return purse.hold(estimateNano);
    },
  };
}
