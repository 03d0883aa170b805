import type { AnsweredRecord } from '../../../activities/tasks/task-records';
import type { Owned } from '../../../contracts/tasks/names';
import type { TaskView } from '../../../contracts/tasks/view';
import type { TaskApiPorts } from './task-ports';

/** What a single completion came to: its answer, or how its task ended. */
export type Came = { readonly record: AnsweredRecord } | { readonly view: TaskView };

/**
 * Whichever is first: the answer, or the end of its task. An answer that is written down is never made again and never
 * changes, so nobody has to wait for the task's own end to have it. Undefined: neither came before `signal`, or the
 * task was ended from outside.
 */
export async function awaitAnswer(
  { door, store }: Pick<TaskApiPorts, 'door' | 'store'>,
  task: Owned,
  signal: AbortSignal,
): Promise<Came | undefined> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const ended = door.untilEnded(task, until).then((view): Came | undefined => view && { view });
  const answered = store.calls
    .untilAnswered(task, until)
    .then((record): Came | PromiseLike<Came | undefined> => (record === undefined ? ended : { record }));
  try {
    return await Promise.race([ended, answered]);
  } finally {
    over.abort();
  }
}
