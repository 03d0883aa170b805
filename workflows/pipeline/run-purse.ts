import { CancellationScope, patched, uuid4 } from '@temporalio/workflow';
import { toNano } from '../../contracts/money';
import type { PurseKeeper } from '../models/ask-models';
import { EMPTY_PURSE, toSettle, toTake } from '../models/purse';
import { toFault } from './fault';
import { LOST_WORKER_RETRY, type RunContext } from './run-context';

/** How often the ledger is told how a run's slices ended, about two minutes in all; then it finds out by itself. */
const SETTLING = { startToCloseTimeout: '1m', retry: { ...LOST_WORKER_RETRY, maximumAttempts: 20 } } as const;

/** The name under which the ledger knows a run: ids of runs are unique within their project only. */
function nameOf({ input: { run } }: RunContext): string {
  return `${run.project}/${run.runId}`;
}

/** What a run's calls of models spend from. The worker knows whether anything is counted; the run offers it always. */
export function purseOf(run: RunContext): PurseKeeper {
  return {
    take: () => {
      const purse = run.state.purse ?? EMPTY_PURSE;
      // A run that is resumed or reset counts anew: the ending tells its slices from those of the time before.
      const taken = toTake(purse, `${nameOf(run)}#${purse.taken + 1}-${uuid4().slice(0, 8)}`);
      run.apply({ type: 'slice.taken', taken });
      return { taken, spending: { scope: { run: nameOf(run) }, ...taken, ...limitOf(run) } };
    },
    giveBack: (taken, slice) => {
      run.apply({ type: 'slice.back', taken, ...(slice === undefined ? {} : { slice }) });
    },
    lose: (taken) => run.apply({ type: 'slice.lost', taken }),
  };
}

/** What the run's own budget leaves for slices: all that was spent beside them is gone from it. */
function limitOf({ input, state }: RunContext): { readonly runLimitNano?: number } {
  const { budgetUsd } = input.definition;
  if (budgetUsd === undefined) return {};
  const besideNano = toNano(state.costUsd) - (state.purse?.modelsNano ?? 0);
  return { runLimitNano: Math.max(0, toNano(budgetUsd) - besideNano) };
}

/**
 * The run begins to wait for people, perhaps for days: what nobody spends meanwhile is for others, and drawn anew after it.
 * Nobody waits for the ledger here; what it does not hear of is settled at the end. The guard goes when no run is open
 * that began without it.
 */
export async function giveBackForNow(run: RunContext): Promise<void> {
  const { free: slices } = run.state.purse ?? EMPTY_PURSE;
  if (slices.length === 0 || !patched('slices-back-at-gates')) return;
  run.apply({ type: 'slices.put-down' });
  const { settleSlices } = run.activities('give back what is held while people are asked', SETTLING);
  try {
    // Without the run, whose account goes on.
    const settling = { slices, unheard: [], scope: {}, besideNano: 0, id: `${nameOf(run)}#wait` };
    await CancellationScope.nonCancellable(() => settleSlices(settling));
    run.apply({ type: 'slices.given-back', slices });
  } catch (error) {
    tellUnsettled(run, slices.length, error);
  }
}

/** The run has ended, however it did: what was drawn and not spent goes back, and what agents cost is charged. */
export async function settlePurse(run: RunContext): Promise<void> {
  const { purse = EMPTY_PURSE } = run.state;
  const left = toSettle(purse);
  if (left === undefined) return;
  const { settleSlices } = run.activities('settle what the run has spent', SETTLING);
  try {
    await settleSlices({
      ...left,
      scope: { run: nameOf(run) },
      project: run.input.run.project,
      besideNano: purse.agentsNano,
      id: `${nameOf(run)}#end-${uuid4().slice(0, 8)}`,
    });
    run.apply({ type: 'slices.settled' });
  } catch (error) {
    // The slices' leases run out, and the ledger then asks what became of them: the run's end need not wait for it.
    tellUnsettled(run, left.slices.length + left.unheard.length, error);
  }
}

function tellUnsettled(run: RunContext, count: number, error: unknown): void {
  const text = `${count} slices: ${toFault(error).failure.message}`;
  run.apply({ type: 'audit', what: 'budget.unsettled', who: 'gantry', text });
}
