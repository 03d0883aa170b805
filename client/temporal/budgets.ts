import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import {
  BUDGET_LEDGER,
  LEDGER_MEMO,
  ledgerHistoryQuery,
  ledgerQuery,
  ledgerWorkflowId,
  setBudgetUpdate,
  type LedgerHistory,
  type LedgerInput,
  type LedgerStanding,
  type LedgerView,
  type SetBudget,
} from '../../contracts/budgets';
import type { Answer } from '../../contracts/messages';
import { NotFoundError } from '../faults';
import type { Door } from './door';

const ASK_MS = 15_000;

/** What gantry asks of the ledgers of organisations. */
export class Budgets {
  constructor(private readonly door: Door) {}

  /** How the budgets of an organisation stand; undefined while nothing was ever declared or spent. */
  async view(organisation: string): Promise<LedgerView | undefined> {
    return this.ifThere(() => this.handle(organisation).query(ledgerQuery));
  }

  /** The same in few words, from the memo: no worker is asked. */
  async standing(organisation: string): Promise<LedgerStanding | undefined> {
    try {
      const { memo } = await this.door.call(() => this.handle(organisation).describe());
      return memo?.[LEDGER_MEMO] as LedgerStanding | undefined;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async history(organisation: string): Promise<LedgerHistory | undefined> {
    return this.ifThere(() => this.handle(organisation).query(ledgerHistoryQuery));
  }

  /** Set a limit by hand, or withdraw one; a ledger that is not there yet begins. Fails: RefusedError, NoWorkerError. */
  async set(organisation: string, change: SetBudget): Promise<Answer> {
    const startWorkflowOperation = new WithStartWorkflowOperation<(input: LedgerInput) => Promise<unknown>>(
      BUDGET_LEDGER,
      {
        workflowId: ledgerWorkflowId(organisation),
        taskQueue: this.door.target.taskQueue,
        args: [{ organisation }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `budgets of ${organisation}`,
      },
    );
    return this.door.call(
      () =>
        this.door.client.workflow.executeUpdateWithStart(setBudgetUpdate, {
          startWorkflowOperation,
          args: [change],
          updateId: randomUUID(),
        }),
      { deadlineMs: ASK_MS, needsWorker: true },
    );
  }

  private async ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.door.call(ask, { deadlineMs: ASK_MS, needsWorker: true });
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  private handle(organisation: string) {
    return this.door.client.workflow.getHandle(ledgerWorkflowId(organisation));
  }
}
