import { NativeConnection } from '@temporalio/worker';
import { createLogger, installRuntime } from '../workers/logger';
import { runWorker } from '../workers/roles/run-worker';
import { createNoOpActivities } from './no-op-activities';

/** What {@link startWorker} of worker.ts hands to this process as its only argument, as JSON. */
export interface WorkerProcessOptions {
  readonly address: string;
  readonly taskQueue: string;
  readonly workflowBundle: string;
}

/** A worker as gantry runs it, with activities that do nothing. Tells its CPU time, in ms, to whoever asks. */
async function main(): Promise<void> {
  const { address, taskQueue, workflowBundle } = JSON.parse(process.argv[2]!) as WorkerProcessOptions;
  const redact = (text: string): string => text;
  const log = createLogger('error', redact);
  installRuntime(log);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1_000);
  });
  const connection = await NativeConnection.connect({ address });
  const parentGone = new Promise<void>((resolve) => process.once('disconnect', () => resolve()));
  await runWorker(
    {
      settings: { taskQueue, workflowBundle },
      connection,
      namespace: 'default',
      activities: createNoOpActivities(),
      redact,
      log,
    },
    parentGone,
  );
  await connection.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
