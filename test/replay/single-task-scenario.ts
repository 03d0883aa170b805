import type { WorkflowHandle } from '@temporalio/client';
import type { CompleteChatsInput, CompleteChatsResult } from '../../contracts/tasks/activities';
import { taskWorkflowId } from '../../contracts/tasks/names';
import { MODEL_TASK, type TaskInput } from '../../contracts/tasks/task';
import { modelsTaskQueue } from '../../contracts/task-queues';
import type { EntityWorker } from '../support/entity-worker';

const SPENT = { costNano: 3_000, unconfirmedNano: 0, unpriced: 0, inputTokens: 20, outputTokens: 10 };
const CANDIDATE = { provider: 'a', model: 'one' };

/** A single completion on the queue of model workers: there is nobody to ask, then a failure, then an answer. */
export async function playSingleTask(entities: EntityWorker): Promise<WorkflowHandle> {
  let asked = 0;
  const taskQueue = modelsTaskQueue(entities.taskQueue);
  await entities.serve({
    taskQueue,
    workflowBundle: { codePath: process.env['GANTRY_WORKFLOW_BUNDLE']! },
    activities: {
      completeChats: (input: CompleteChatsInput): Promise<CompleteChatsResult> => {
        asked += 1;
        return Promise.resolve(outcomeOf(asked, input));
      },
    },
  });
  const input: TaskInput = {
    ...{ task: { team: 'core', id: 'task_replayed1' }, total: 1, portion: 1, parallel: 3, files: false },
    ...{ expiresAt: Date.now() + 3_600_000, timeoutMs: 5_000, request: {}, scope: { team: 'core' } },
    ...{ limits: { pauseMs: 50, heartbeatMs: 1_000 }, tapers: true, base: entities.taskQueue },
  };
  const task = await entities.client.workflow.start(MODEL_TASK, {
    ...{ workflowId: taskWorkflowId(input.task), taskQueue, args: [input] },
  });
  await task.result();
  return entities.client.workflow.getHandle(task.workflowId);
}

function outcomeOf(asked: number, { from }: CompleteChatsInput): CompleteChatsResult {
  const usual = { completed: 0, failures: [], spent: SPENT, slices: [] };
  if (asked === 1) return { ...usual, stoppedAt: from, retryAt: Date.now() + 200 };
  if (asked > 2) return { ...usual, completed: 1 };
  const trial = { ...CANDIDATE, failures: 1, lastType: 'Provider.Overloaded', message: 'busy', final: false } as const;
  const told = { goesOn: true, next: CANDIDATE, trial };
  return { ...usual, failures: [{ index: from, type: 'Provider.Overloaded', told }] };
}
