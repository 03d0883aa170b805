import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { withHeartbeat } from '../activities/heartbeat';
import type { CommandActivities } from '../contracts/activities';
import { createNoOpActivities } from './no-op-activities';

/** A worker as the SDK's examples start one: it bundles its workflows when it starts, and every setting is a default. */
async function main(): Promise<void> {
  const [address, taskQueue] = process.argv.slice(2) as [string, string];
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: join(__dirname, 'hand-written-workflow.js'),
    activities: { ...createNoOpActivities(), runCommand },
  });
  await worker.run();
}

/** Does nothing; or, told to hold, works until a file is there, and heartbeats meanwhile. */
const runCommand: CommandActivities['runCommand'] = async (input) => {
  const file = /^while \[ ! -e '(.*)' \]/.exec(input.command.command)?.[1];
  if (file !== undefined) {
    await withHeartbeat(
      () => ({}),
      async () => {
        while (!existsSync(file)) await sleep(20);
      },
    );
  }
  return createNoOpActivities().runCommand(input);
};

void main();
