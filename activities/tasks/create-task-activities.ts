import type { ModelWorkActivities, TaskActivities } from '../../contracts/tasks/activities';
import { completeChats } from './complete-chats';
import { finishTask } from './finish-task';
import type { TaskPorts } from './task-ports';

/** The activities of model workers. */
export function createModelWorkActivities(ports: TaskPorts): ModelWorkActivities {
  return { completeChats: (input) => completeChats(ports, input) };
}

/** What a task needs beside. */
export function createTaskActivities(ports: Pick<TaskPorts, 'store' | 'files' | 'artifacts'>): TaskActivities {
  return { finishTask: (input) => finishTask(ports, input) };
}
