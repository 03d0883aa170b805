import type { Door } from './door';

export interface QueuePollers {
  readonly workflow: readonly string[];
  readonly activity: readonly string[];
}

/** What the server knows of task queues. */
export class Queues {
  constructor(private readonly door: Door) {}

  /** Who polls the task queue now, by identity. */
  async pollers(taskQueue = this.door.target.taskQueue): Promise<QueuePollers> {
    const describe = async (taskQueueType: 1 | 2) => {
      const { namespace } = this.door.target;
      const request = { namespace, taskQueue: { name: taskQueue }, taskQueueType };
      const answer = await this.door.call(() => this.door.connection.workflowService.describeTaskQueue(request));
      return (answer.pollers ?? []).map(({ identity }) => identity ?? 'unknown');
    };
    return { workflow: await describe(1), activity: await describe(2) };
  }
}
