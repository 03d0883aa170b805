import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { CompleteChatsInput, CompleteChatsResult, FinishTaskInput } from '../../contracts/tasks/activities';
import { taskWorkflowId } from '../../contracts/tasks/names';
import { MODEL_TASK, cancelTaskUpdate, taskQuery, type TaskInput } from '../../contracts/tasks/task';
import { modelsTaskQueue } from '../../contracts/task-queues';
import type { EntityWorker } from '../support/entity-worker';
import { waitUntil } from '../support/wait-until';

const SPENT = { costNano: 3_000, unconfirmedNano: 0, unpriced: 0, inputTokens: 20, outputTokens: 10 };
const CANDIDATE = { provider: 'a', model: 'one' };

/** Requests that fail, wait for a provider and are answered, over several executions; the last is cancelled half-way. */
export async function playModelTask(entities: EntityWorker): Promise<WorkflowHandle> {
  let asked = 0;
  let holds = false;
  await entities.serve({
    taskQueue: modelsTaskQueue(entities.taskQueue),
    activities: {
      completeChats: async (input: CompleteChatsInput): Promise<CompleteChatsResult> => {
        asked += 1;
        if (asked > 30) {
          holds = true;
          await Context.current().cancelled.catch(() => undefined);
          return { completed: 0, failures: [], spent: SPENT, slices: [], stoppedAt: input.from };
        }
        return outcomeOf(asked, input);
      },
    },
  });
  await entities.serve({
    taskQueue: entities.taskQueue,
    activities: {
      settleSlices: async () => undefined,
      finishTask: async ({ total }: FinishTaskInput) => ({
        ...{ completed: total - 5, failed: 0, output: 'file-output', errors: 'file-errors' },
      }),
    },
  });
  const input: TaskInput = {
    ...{ task: { team: 'core', id: 'batch_replayed1' }, total: 100, portion: 2, parallel: 3, files: true },
    ...{ expiresAt: Date.now() + 3_600_000, timeoutMs: 5_000, request: { project: 'calculator' } },
    scope: { team: 'core' },
    limits: { historyEvents: 60, pauseMs: 50, heartbeatMs: 1_000 },
  };
  const task = await entities.client.workflow.start(MODEL_TASK, {
    workflowId: taskWorkflowId(input.task),
    taskQueue: entities.taskQueue,
    args: [input],
  });
  await waitUntil(() => holds);
  await waitUntil(async () => (await task.query(taskQuery)).counts.completed > 0);
  const handle = entities.client.workflow.getHandle(taskWorkflowId(input.task));
  await handle.executeUpdate(cancelTaskUpdate, { args: [{ who: 'tester' }] });
  await handle.result();
  return handle;
}

function outcomeOf(asked: number, { from, count, nextSlice }: CompleteChatsInput): CompleteChatsResult {
  const slice = { id: nextSlice ?? 'none', grantedNano: 250_000, spentNano: 3_000 };
  const usual = { completed: count, failures: [], spent: SPENT, slices: asked % 5 === 0 ? [slice] : [] };
  if (asked % 7 === 3) {
    const trial = {
      ...CANDIDATE,
      failures: 1,
      lastType: 'Provider.Overloaded',
      message: 'busy',
      final: false,
    } as const;
    const told = { goesOn: true, next: CANDIDATE, trial };
    return { ...usual, completed: count - 1, failures: [{ index: from, type: 'Provider.Overloaded', told }] };
  }
  return asked % 11 === 4 ? { ...usual, completed: 0, stoppedAt: from, retryAt: Date.now() + 200 } : usual;
}
