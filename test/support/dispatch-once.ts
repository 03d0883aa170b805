import { readFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { DispatchInput } from '../../contracts/activities';
import { benchPorts, dispatchOnHost, openBenchHost } from './session-bench';

// One attempt of the activity in a process of its own, which may be told to kill itself when it sees a receipt:
// `node dispatch-once.js request.json`.

export interface DispatchRequest {
  readonly home: string;
  readonly socket: string;
  readonly agents: unknown;
  readonly input: DispatchInput;
  readonly dieAt?: string;
}

async function main(): Promise<void> {
  const { input, dieAt, ...where } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as DispatchRequest;
  const onReceipt = (receipt: string) => {
    if (dieAt !== undefined && receipt === dieAt) process.kill(process.pid, 'SIGKILL');
  };
  const host = await openBenchHost(benchPorts({ ...where, environment: process.env, onReceipt }));
  const result = await dispatchOnHost(host, input, new MockActivityEnvironment());
  process.stdout.write(JSON.stringify(result));
}

main().catch((error: unknown) => {
  process.stderr.write(String(error));
  process.exitCode = 1;
});
