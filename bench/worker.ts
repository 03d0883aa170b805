import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { WorkerProcessOptions } from './worker-process';

/** A worker in a process of its own, so that its CPU time is its own too. */
export interface BenchWorker {
  readonly taskQueue: string;
  /** CPU time used since its start, in ms. */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

export function startWorker(options: WorkerProcessOptions, execArgv: readonly string[] = []): BenchWorker {
  const child = fork(join(__dirname, 'worker-process.js'), [JSON.stringify(options)], { execArgv: [...execArgv] });
  return {
    taskQueue: options.taskQueue,
    async cpuMs() {
      const answer = once(child, 'message');
      child.send('cpu');
      return ((await answer) as [number])[0];
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
