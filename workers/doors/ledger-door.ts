import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, WithStartWorkflowOperation, WorkflowUpdateFailedError, type ConnectionLike } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { Logger } from 'pino';
import { LedgerUnavailable } from '../../activities/models/client/ports';
import {
  BUDGET_LEDGER,
  bookUpdate,
  ledgerWorkflowId,
  type LedgerAnswer,
  type LedgerEntry,
  type LedgerInput,
} from '../../contracts/budgets';
import type { budgetLedger } from '../../workflows/budgets/budget-ledger';

export interface LedgerDoorOptions {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Where the ledger's workflow runs. */
  readonly taskQueue: string;
  readonly organisation: string;
  readonly log: Pick<Logger, 'warn'>;
  /** Entries in one update at most; not more than the ledger takes. */
  readonly batch?: number;
  /** How long an answer may take. */
  readonly answerMs?: number;
}

/** As many as a ledger takes unless it is told otherwise. */
const BATCH = 200;
const ANSWER_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

interface Waiting {
  readonly entries: readonly LedgerEntry[];
  readonly until: number;
  readonly answered: (answers: readonly LedgerAnswer[]) => void;
  readonly failed: (error: Error) => void;
}

/**
 * One update of this process is on its way at a time, and all that comes meanwhile goes with the next: a workflow takes
 * few updates at once, and each of them may hold hundreds of entries.
 */
export class LedgerDoor {
  private readonly client: Client;
  private waiting: Waiting[] = [];
  private isSending = false;

  constructor(private readonly options: LedgerDoorOptions) {
    this.client = new Client({ connection: options.connection, namespace: options.namespace });
  }

  async book(entries: readonly LedgerEntry[]): Promise<readonly LedgerAnswer[]> {
    const until = this.deadline();
    const parts = inParts(entries, this.batch).map(
      (part) =>
        new Promise<readonly LedgerAnswer[]>((answered, failed) => {
          this.waiting.push({ entries: part, until, answered, failed });
        }),
    );
    void this.send();
    return (await Promise.all(parts)).flat();
  }

  deadline(): number {
    return Date.now() + (this.options.answerMs ?? ANSWER_MS);
  }

  /**
   * Every try has the same id, so one that was heard and not answered is answered now; and where the ledger has begun
   * anew in between, entries are known by theirs.
   */
  async update<Ret, Arg>(definition: UpdateDefinition<Ret, [Arg]>, argument: Arg, until: number): Promise<Ret> {
    const updateId = randomUUID();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const tried = this.client.withDeadline(until, () => this.try(definition, argument, updateId));
        return await before(until, tried);
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError) throw error;
        if (Date.now() + pauseMs >= until) throw this.unavailable(error);
        await sleep(pauseMs);
      }
    }
  }

  private try<Ret, Arg>(definition: UpdateDefinition<Ret, [Arg]>, argument: Arg, updateId: string): Promise<Ret> {
    const { organisation, taskQueue } = this.options;
    const startWorkflowOperation = new WithStartWorkflowOperation<typeof budgetLedger>(BUDGET_LEDGER, {
      workflowId: ledgerWorkflowId(organisation),
      taskQueue,
      args: [{ organisation } satisfies LedgerInput],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `budgets of ${organisation}`,
    });
    return this.client.workflow.executeUpdateWithStart(definition, {
      ...{ updateId, startWorkflowOperation },
      args: [argument],
    });
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    while (this.waiting.length > 0) await this.sendSome(this.takeSome());
    this.isSending = false;
  }

  private async sendSome(some: readonly Waiting[]): Promise<void> {
    const until = Math.min(...some.map((one) => one.until));
    try {
      if (until <= Date.now()) throw this.unavailable(new Error('entries before these took all the time'));
      const answers = await this.update(
        bookUpdate,
        some.flatMap(({ entries }) => entries),
        until,
      );
      let from = 0;
      for (const { entries, answered } of some) {
        answered(answers.slice(from, from + entries.length));
        from += entries.length;
      }
    } catch (error) {
      for (const { failed } of some) failed(error as Error);
    }
  }

  private takeSome(): readonly Waiting[] {
    let size = 0;
    const firstTooMany = this.waiting.findIndex(({ entries }) => (size += entries.length) > this.batch);
    return this.waiting.splice(0, firstTooMany < 0 ? this.waiting.length : firstTooMany);
  }

  private unavailable(cause: unknown): LedgerUnavailable {
    const { organisation, log } = this.options;
    log.warn({ error: cause, organisation }, 'the ledger of budgets gave no answer');
    return new LedgerUnavailable(`The budgets of ${organisation} gave no answer in time.`, { cause });
  }

  private get batch(): number {
    return this.options.batch ?? BATCH;
  }
}

/** The client's own tries go on beyond a deadline, with pauses of seconds where a workflow has too many updates. */
async function before<T>(until: number, answer: Promise<T>): Promise<T> {
  const answered = new AbortController();
  const timeIsUp = sleep(Math.max(until - Date.now(), 0), undefined, { signal: answered.signal }).then(() => {
    throw new Error('no answer within the time');
  });
  try {
    return await Promise.race([answer, timeIsUp]);
  } finally {
    answered.abort();
  }
}

function inParts<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, part) => all.slice(part * size, (part + 1) * size));
}
