import type { WorkflowHandle } from '@temporalio/client';
import {
  BUDGET_LEDGER,
  bookUpdate,
  declareBudgetsUpdate,
  ledgerQuery,
  ledgerWorkflowId,
  setBudgetUpdate,
  type LedgerEntry,
  type LedgerInput,
} from '../../contracts/budgets';
import type { EntityWorker } from '../support/entity-worker';
import { waitUntil } from '../support/wait-until';

const who = 'tester';

/** Limits, draws, a refusal, an alert, leases of a process and of workflows that run out, and a second execution. */
export async function playLedger(entities: EntityWorker): Promise<WorkflowHandle> {
  const { client, taskQueue } = entities;
  const organisation = 'replayed';
  const workflowId = ledgerWorkflowId(organisation);
  const lookAtHolder = async ({ workflowId: holder }: { readonly workflowId: string }) =>
    holder === 'run/calculator/known' ? { open: false, spentNano: 300 } : { open: holder === 'run/calculator/open' };
  await entities.serve({ taskQueue, activities: { lookAtHolder } });
  const limits = { historyEvents: 60, renewMs: 300, memoMs: 100 };
  const { firstExecutionRunId } = await client.workflow.start(BUDGET_LEDGER, {
    ...{ workflowId, taskQueue },
    args: [{ organisation, limits } satisfies LedgerInput],
  });
  const ledger = client.workflow.getHandle(workflowId);
  const book = (...entries: LedgerEntry[]) => ledger.executeUpdate(bookUpdate, { args: [entries] });
  const org = { level: 'org' as const };
  await ledger.executeUpdate(declareBudgetsUpdate, {
    args: [{ alertAt: 80, accounts: [{ ...org, limits: [{ window: 'total', limitNano: 1_000 }] }] }],
  });
  await book(drawOf('process', { kind: 'process', name: 'gateway-1' }));
  for (const one of ['known', 'unknown', 'open']) {
    await book(drawOf(one, { kind: 'workflow', workflowId: `run/calculator/${one}` }));
  }
  await book(drawOf('refused', { kind: 'process', name: 'gateway-1' }));
  await waitUntil(async () => (await ledger.query(ledgerQuery)).slices.length === 1);
  await book({ op: 'settle', id: 'process', spentNano: 100 }, { op: 'release', id: 'open' });
  await ledger.executeUpdate(setBudgetUpdate, { args: [{ account: org, window: 'total', limitNano: 2_000, who }] });
  for (let times = 0; (await ledger.describe()).runId === firstExecutionRunId; times += 1) {
    await book({ op: 'charge', id: `c${times}`, scope: {}, spentNano: 10 });
  }
  await ledger.terminate('recorded');
  return client.workflow.getHandle(workflowId, firstExecutionRunId);
}

function drawOf(id: string, holder: Extract<LedgerEntry, { op: 'draw' }>['holder']): LedgerEntry {
  const scope = { team: 'platform', job: 'calculator', run: id };
  return { op: 'draw', id, scope, holder, amountNano: 250, atLeastNano: 250, leaseMs: 300, runLimitNano: 500 };
}
