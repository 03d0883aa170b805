import { allHandlersFinished, condition, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import type { TaskInput } from '../../contracts/tasks/task';
import { TASK_MEMO, type TaskView } from '../../contracts/tasks/view';
import { Alarm } from '../breakers/alarm';
import { finish, settle } from './finish';
import { listen } from './requests';
import { TaskContext } from './task-context';

/**
 * One chat completion, or many. The name is wire format: renaming it breaks open tasks.
 *
 * The story: ask for a few completions at a time, each answer written down where the worker is; ask again what failed
 * and may do better; and when all are asked, it is cancelled or its time is over, put the answers into files.
 */
export async function modelTask(input: TaskInput): Promise<TaskView> {
  const task = new TaskContext(input);
  const alarm = new Alarm(() => task.wake());
  listen(task);
  for (;;) {
    task.woken = false;
    if (Date.now() >= input.expiresAt) task.stopFor('expired');
    const drains = isLong(task);
    if (!drains) task.begin();
    task.publish();
    if (task.inFlight === 0) {
      if (task.stop !== undefined || task.isAsked) break;
      if (drains) return goOnAsNew(task);
    }
    task.setAlarm(alarm);
    await task.untilWoken();
  }
  return finish(task);
}

function isLong({ limits }: TaskContext): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= limits.historyEvents;
}

/**
 * The memo goes along: whoever looks before the new execution has begun must find the task as it is. The slices do not:
 * their number would grow with all that is spent.
 */
async function goOnAsNew(task: TaskContext): Promise<never> {
  await settle(task);
  await condition(allHandlersFinished);
  const memo = { ...workflowInfo().memo, [TASK_MEMO]: task.view };
  return makeContinueAsNewFunc<typeof modelTask>({ memo })({ ...task.input, carried: task.state });
}
