import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { runWorkflowId } from '../contracts/ids';
import type { RunRef } from '../contracts/run';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes';
import { median } from './figures';

/** A workflow to be run again and again, and the queue its worker serves. */
export interface Runnable {
  readonly client: Client;
  readonly taskQueue: string;
  readonly workflow: string;
  readonly input: (run: RunRef) => object;
  /** The server knows gantry's search attributes, so a start sets them as the CLI does. */
  readonly searchable: boolean;
}

export interface RunsMeasured {
  /** From the start request to the result in the client's hand; the median of the runs. */
  readonly wallMs: number;
  readonly events: number;
}

/** Run it `count` times, one after another. */
export async function measureRuns(runnable: Runnable, count: number): Promise<RunsMeasured> {
  const wall: number[] = [];
  let events = 0;
  for (let done = 0; done < count; done += 1) {
    const began = performance.now();
    const handle = await startRun(runnable);
    await handle.result();
    wall.push(performance.now() - began);
    if (done === count - 1) events = (await handle.describe()).historyLength;
  }
  return { wallMs: median(wall), events };
}

/** Run it `count` times, `atOnce` at a time; gives runs per second. */
export async function measureThroughput(runnable: Runnable, count: number, atOnce: number): Promise<number> {
  let left = count;
  const began = performance.now();
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await (await startRun(runnable)).result();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (count * 1_000) / (performance.now() - began);
}

/** Start one run of it. */
export async function startRun({ client, taskQueue, workflow, input, searchable }: Runnable) {
  const run = { project: 'bench', runId: randomUUID() };
  const attributes = [
    { key: SEARCH_ATTRIBUTES.project, value: run.project },
    { key: SEARCH_ATTRIBUTES.pipeline, value: 'bench' },
    { key: SEARCH_ATTRIBUTES.status, value: 'RUNNING' },
    { key: SEARCH_ATTRIBUTES.mode, value: 'observe' },
  ];
  return client.workflow.start(workflow, {
    workflowId: runWorkflowId(run.project, run.runId),
    taskQueue,
    args: [input(run)],
    typedSearchAttributes: new TypedSearchAttributes(searchable ? attributes : []),
    memo: { pipeline: 'bench' },
    staticSummary: `bench · ${run.project} · ${run.runId}`,
    priority: { priorityKey: 3, fairnessKey: run.project },
  });
}
