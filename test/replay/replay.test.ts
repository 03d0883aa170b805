import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { PIPELINE_RUN } from '../../contracts/messages';
import { EntityWorker } from '../support/entity-worker';
import { RunHarness } from '../support/run-harness';
import { ENTITY_SCENARIOS } from './entity-scenarios';
import { SCENARIOS } from './scenarios';

// Histories of workflows that were made by earlier code. Today's code must come to the same commands, or open runs break.
// They are never regenerated; GANTRY_RECORD=<version> adds those of a new scenario or release.

const HISTORIES = join(__dirname, 'histories');
const kept = readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));

async function replay(history: unknown, workflowId: string): Promise<void> {
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: process.env['GANTRY_WORKFLOW_BUNDLE']! } },
    history,
    workflowId,
  );
}

interface KeptHistory {
  readonly workflowId: string;
  readonly history: { events: Record<string, unknown>[] };
}

function read(file: string): KeptHistory {
  return JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as KeptHistory;
}

describe('kept histories', () => {
  it('there is one of every scenario', () => {
    const wanted = [...SCENARIOS.map(({ name }) => ({ workflow: PIPELINE_RUN, name })), ...ENTITY_SCENARIOS];
    const missing = wanted.filter(
      ({ workflow, name }) => !kept.some((file) => file.startsWith(`${workflow}.${name}.`)),
    );
    expect(missing).toEqual([]);
  });

  it.each(kept)('%s replays', async (file) => {
    const { workflowId, history } = read(file);
    await expect(replay(history, workflowId)).resolves.toBeUndefined();
  });

  it('a history that took another turn does not replay', async () => {
    const { workflowId, history } = read(kept.find((file) => file.includes('every-kind-of-stage'))!);
    const edited = JSON.parse(JSON.stringify(history).replaceAll('"callModel"', '"runCommand"')) as unknown;
    await expect(replay(edited, workflowId)).rejects.toThrow(DeterminismViolationError);
  });
});

const version = process.env['GANTRY_RECORD'];
(version === undefined ? describe.skip : describe)('recording', () => {
  it.each(SCENARIOS)('$name', async ({ name, host, play }) => {
    const harness = await RunHarness.start(host());
    try {
      const run = await play(harness);
      expect(await keep(PIPELINE_RUN, name, run.workflow)).toContain(PIPELINE_RUN);
    } finally {
      await harness.stop();
    }
  });

  it.each(ENTITY_SCENARIOS)('$workflow $name', async ({ workflow, name, play }) => {
    const entities = await EntityWorker.start();
    try {
      expect(await keep(workflow, name, await play(entities))).toContain(workflow);
    } finally {
      await entities.stop();
    }
  });
});

/** Stacks name the directory of this checkout. */
function withoutPlaces(history: string): string {
  return history.replaceAll(`${process.cwd()}/`, '');
}

/** Write down the history of an execution; gives what was written. */
async function keep(workflow: string, name: string, handle: WorkflowHandle): Promise<string> {
  const { workflowId } = handle;
  const history = JSON.parse(withoutPlaces(historyToJSON(await handle.fetchHistory()))) as unknown;
  mkdirSync(HISTORIES, { recursive: true });
  const file = join(HISTORIES, `${workflow}.${name}.${version}.json`);
  writeFileSync(file, `${JSON.stringify({ workflowId, history }, null, 1)}\n`, { flag: 'wx' });
  return readFileSync(file, 'utf8');
}
