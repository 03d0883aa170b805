import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A worker of workflows in a process of its own, for tests that kill it. */
export interface WorkflowProcess {
  /** SIGKILL, and wait until it is gone. */
  readonly kill: () => Promise<void>;
}

const PROGRAM = `
  const { NativeConnection, Worker } = require('@temporalio/worker');
  (async () => {
    const { GANTRY_TEST_ADDRESS: address, GANTRY_WORKFLOW_BUNDLE: codePath, TEST_TASK_QUEUE: taskQueue } = process.env;
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: { codePath },
      stickyQueueScheduleToStartTimeout: '1s',
    });
    process.stdout.write('ready');
    await worker.run();
  })();
`;

export async function startWorkflowProcess(taskQueue: string): Promise<WorkflowProcess> {
  const child = spawn(process.execPath, ['-e', PROGRAM], {
    cwd: join(__dirname, '..', '..'),
    env: { ...process.env, TEST_TASK_QUEUE: taskQueue },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => undefined)]);
  if (said === undefined) throw new Error('the worker of workflows ended before it was ready');
  return { kill: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
