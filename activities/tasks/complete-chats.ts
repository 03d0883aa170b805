import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Slice } from '../../contracts/budgets';
import { scopeOfProject } from '../../contracts/config/scope-of-project';
import type { ErrorType } from '../../contracts/errors';
import { toNano } from '../../contracts/money';
import type { CompleteChatsInput, CompleteChatsResult, ItemFailure } from '../../contracts/tasks/activities';
import { taskWorkflowId } from '../../contracts/tasks/names';
import { NOTHING_SPENT, sumOf, type TaskSpending } from '../../contracts/tasks/spending';
import { isErrorOf } from '../failure';
import { withHeartbeat, type Attempt } from '../heartbeat';
import type { Purse } from '../models/client/model-client';
import { createSlicePurse } from '../models/client/purses';
import { askOne, WorkerUnwell, type Asked } from './ask-one';
import { spendAgain, unconfirmed, watched, type WatchedPurse } from './watched-purse';
import type { TaskPorts } from './task-ports';
import type { CallKey, CallRecord } from './task-records';

/** How soon another worker may take what this one cannot do. */
const ELSEWHERE_MS = 500;

/** What is drawn at a time where the configuration does not say. */
const SLICE_NANO = toNano(0.25);

/** See ModelWorkActivities. A worker that reaches no provider, or has another home, leaves the work to others. */
export async function completeChats(ports: TaskPorts, input: CompleteChatsInput): Promise<CompleteChatsResult> {
  if (!ports.wellness.isWell) throw elsewhere('Provider.Network', 'This worker reaches no provider; another one may.');
  const work = new Portion(ports, input);
  return withHeartbeat(
    () => ({ done: work.done, of: input.count }),
    (attempt) => work.do(attempt),
    'quietly',
  ).catch((error: unknown) => {
    if (error instanceof WorkerUnwell) throw elsewhere('Provider.Network', error.message);
    if (isErrorOf(error, 'Artifact.Missing')) throw elsewhere('Artifact.Missing', (error as Error).message);
    if (isErrorOf(error, 'Budget.Unavailable')) throw elsewhere('Budget.Unavailable', (error as Error).message);
    throw error;
  });
}

/** Tried again by Temporal, by whoever takes it next. */
function elsewhere(type: ErrorType, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: false, nextRetryDelay: ELSEWHERE_MS });
}

/** The requests of one activity, one after the other. */
class Portion {
  done = 0;
  private readonly attemptNumber = Context.current().info.attempt;
  private readonly spent: TaskSpending[] = [];
  private readonly failures: ItemFailure[] = [];
  private completed = 0;
  private readonly slices = new Map<string, Slice>();
  private readonly purse: WatchedPurse | undefined;

  constructor(
    private readonly ports: TaskPorts,
    private readonly input: CompleteChatsInput,
  ) {
    if (input.slice !== undefined) this.slices.set(input.slice.id, input.slice);
    this.purse = this.openPurse();
  }

  async do({ signal, stopRequested }: Attempt): Promise<CompleteChatsResult> {
    const { from, count, task } = this.input;
    const requests = await this.ports.store.requests.some(task, from, count);
    await this.recallAll();
    for (const [offset, request] of requests.entries()) {
      const key = this.keyOf(from + offset);
      const known = await this.ports.store.calls.find(task, key);
      if (known !== undefined) {
        this.take(key, known);
        continue;
      }
      const { input, attemptNumber: attempt, purse } = this;
      const asked: Asked = signal.aborted
        ? { kind: 'aborted', spent: NOTHING_SPENT }
        : await askOne(this.ports, { input, request, key, attempt, purse, signal });
      if (asked.kind === 'nobody') return this.result({ stoppedAt: key.index, retryAt: asked.retryAt });
      if (asked.kind === 'recorded') {
        this.spent.push(asked.record.spent);
        this.take(key, asked.record);
        continue;
      }
      // Not asked to stop, but cut off: another attempt finds what is recorded and marked.
      if (!stopRequested()) return Context.current().cancelled;
      this.spent.push(asked.spent);
      return this.result({ stoppedAt: key.index });
    }
    return this.result({});
  }

  /**
   * What attempts before this one spent, of the same slices; first all of it, so that nothing is spent twice. A purse of
   * another worker is settled by that worker, or, where it is lost, by the ledger.
   */
  private async recallAll(): Promise<void> {
    if (this.attemptNumber === 1) return;
    const { from, count, task } = this.input;
    for (let index = from; index < from + count; index += 1) {
      const key = this.keyOf(index);
      const record = await this.ports.store.calls.find(task, key);
      const marks = await this.ports.store.calls.marks(task, key, this.attemptNumber);
      // The last of the marks belongs to the call that was recorded.
      const lost = record === undefined ? marks : marks.slice(0, -1);
      const spent = [...lost.map(({ estimateNano }) => unconfirmed(estimateNano)), ...(record ? [record.spent] : [])];
      if (this.input.nextSlice !== undefined) for (const one of spent) await spendAgain(this.purse, one);
      this.spent.push(...spent);
      if (lost.length > 0)
        this.ports.log.warn('a worker was lost in a call', { task: task.id, index, calls: lost.length });
    }
  }

  private take({ index }: CallKey, record: CallRecord): void {
    this.done += 1;
    if (record.outcome === 'answered') this.completed += 1;
    else this.failures.push({ index, ...record.failure });
  }

  private keyOf(index: number): CallKey {
    return { index, call: (this.input.trial?.calls ?? 0) + 1 };
  }

  private result(stopped: Pick<CompleteChatsResult, 'stoppedAt' | 'retryAt'>): CompleteChatsResult {
    const { completed, failures, slices } = this;
    return { completed, failures, spent: sumOf(this.spent), slices: [...slices.values()], ...stopped };
  }

  private openPurse(): WatchedPurse | undefined {
    const { budgets } = this.ports.config;
    if (budgets === undefined) return undefined;
    const { request, slice, nextSlice, task } = this.input;
    const scope = scopeOfProject(budgets, request.project, this.input.scope);
    if (nextSlice === undefined) return watchedIfAny(this.ports.purseOf(scope));
    return watched(
      createSlicePurse({
        spending: { scope, nextSlice, ...(slice && { slice }) },
        ledger: this.ports.ledger,
        sliceNano: budgets.slice ?? SLICE_NANO,
        holder: { kind: 'workflow', workflowId: taskWorkflowId(task) },
        onSlice: (now) => void this.slices.set(now.id, now),
      }),
    );
  }
}

function watchedIfAny(purse: Purse | undefined): WatchedPurse | undefined {
  return purse && watched(purse);
}
