import { NativeConnection, Worker } from '@temporalio/worker';
import { createLogger, installRuntime } from '../../workers/logger';
import { commonOptions } from '../../workers/roles/run-worker';

/** What this process is given as its only argument, as JSON. */
export interface BareWorkerOptions {
  readonly address: string;
  readonly taskQueue: string;
  readonly workflowBundle: string;
}

/** A worker for a workflow with one activity, which asks a model and does nothing else. */
async function main(): Promise<void> {
  const { address, taskQueue, workflowBundle } = JSON.parse(process.argv[2]!) as BareWorkerOptions;
  const redact = (text: string): string => text;
  installRuntime(createLogger('error', redact));
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    ...commonOptions({ connection, namespace: 'default', redact }),
    taskQueue,
    workflowBundle: { codePath: workflowBundle },
    activities: { askOnce },
  });
  process.once('disconnect', () => worker.shutdown());
  await worker.run();
  await connection.close();
}

async function askOnce({ url, body }: { readonly url: string; readonly body: object }): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
