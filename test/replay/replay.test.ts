import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { RunHarness } from '../support/run-harness';
import { SCENARIOS } from './scenarios';

// Histories of runs that were made by earlier code. Today's code must come to the same commands, or open runs break.
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
    for (const { name } of SCENARIOS) expect(kept.some((file) => file.startsWith(`pipelineRun.${name}.`))).toBe(true);
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
    const run = await play(harness);
    const { workflowId } = run.workflow;
    const history = JSON.parse(historyToJSON(await run.workflow.fetchHistory())) as unknown;
    mkdirSync(HISTORIES, { recursive: true });
    const file = join(HISTORIES, `pipelineRun.${name}.${version}.json`);
    writeFileSync(file, `${JSON.stringify({ workflowId, history }, null, 1)}\n`, { flag: 'wx' });
    await harness.stop();
    expect(readFileSync(file, 'utf8')).toContain('pipelineRun');
  });
});
