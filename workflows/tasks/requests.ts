import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import { REFUSED, type Answer, type RequestMessage } from '../../contracts/messages';
import { cancelTaskSignal, cancelTaskUpdate, taskQuery } from '../../contracts/tasks/task';
import type { TaskStatus } from '../../contracts/tasks/view';
import type { TaskContext } from './task-context';

const FORM = '{"who": "your name", "comment": "optional"}';

/** Over, or as good as over. */
const TOO_LATE: ReadonlySet<TaskStatus> = new Set(['finalizing', 'completed', 'failed', 'expired', 'cancelled']);

export function listen(task: TaskContext): void {
  setHandler(taskQuery, () => task.view, { description: 'How the task stands' });
  setHandler(cancelTaskSignal, (sent: unknown) => signalled(task, sent), {
    description: `ask for nothing more; what was answered is kept; send ${FORM}`,
  });
  setHandler(cancelTaskUpdate, (request) => cancel(task, request), {
    description: `ask for nothing more; what was answered is kept; send ${FORM}`,
    validator: (request: RequestMessage) => {
      if (whoOf(request) === undefined) refuse('A request needs a name: set "who".');
      if (TOO_LATE.has(task.state.status)) refuse(`The task is ${task.state.status} and cannot be cancelled.`);
    },
  });
}

function signalled(task: TaskContext, sent: unknown): void {
  const who = whoOf(sent);
  if (who === undefined) return log.warn('a request to cancel without a name was passed over');
  if (!TOO_LATE.has(task.state.status)) cancel(task, { who });
}

function cancel(task: TaskContext, { who }: RequestMessage): Answer {
  if (task.stop === undefined) {
    log.info('cancelled', { who });
    task.enter('cancelling', { cancellingAt: Date.now() });
    task.stopFor('cancelled');
  }
  return { message: 'The task asks for nothing more; what was answered is kept.' };
}

function whoOf(sent: unknown): string | undefined {
  if (typeof sent !== 'object' || sent === null || !('who' in sent)) return undefined;
  return typeof sent.who === 'string' && sent.who.trim() !== '' ? sent.who : undefined;
}

function refuse(reason: string): never {
  throw ApplicationFailure.create({ type: REFUSED, message: reason, nonRetryable: true });
}
