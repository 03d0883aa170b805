import type { WorkflowHandle } from '@temporalio/client';
import type { PipelineDefinition } from '../../contracts/definition';
import { PIPELINE_RUN } from '../../contracts/messages';
import { checkPipeline } from '../../contracts/pipeline';
import { PRIORITY } from '../../contracts/priority';
import type { RunInput, RunResult } from '../../contracts/run';
import { atMost } from '../../client/at-most';
import { startRun } from '../runs';
import { promptText, type Prompt } from './agent-log';
import { POOL, type Fleet } from './fleet';

/** The one stage of a benchmark's run. */
export const STAGE = 'prompt';
const STARTS_AT_ONCE = 16;

export interface Sent {
  readonly run: string;
  readonly handle: WorkflowHandle;
  result(): Promise<RunResult>;
}

export interface Sending extends Partial<Omit<Prompt, 'run'>> {
  /** What follows the first line of the prompt. */
  readonly more?: string;
  readonly attempts?: number;
  /** Work in a worktree of this repository. */
  readonly repo?: string;
}

/** One prompt, as a run of its own. */
export async function send(fleet: Fleet, sending: Sending = {}): Promise<Sent> {
  const { workMs = 50, children = false, more = '', attempts = 1, repo } = sending;
  let name = '';
  const handle = await startRun({
    ...{ client: fleet.client, taskQueue: fleet.taskQueue, workflow: PIPELINE_RUN, searchable: true },
    input: (run): RunInput => {
      name = run.runId;
      const definition = definitionOf(attempts, repo !== undefined);
      const prompt = promptText({ run: name, workMs, children }) + more;
      return {
        ...{ run, definition, inputs: { prompt }, mode: definition.mode },
        ...{ priority: PRIORITY.usual, startedBy: 'bench', ...(repo !== undefined && { repo }) },
      };
    },
  });
  return { run: name, handle, result: async () => (await handle.result()) as RunResult };
}

/** Many at once, as fast as the server takes them. */
export function sendAll(fleet: Fleet, all: readonly Sending[]): Promise<Sent[]> {
  return atMost(STARTS_AT_ONCE, all, (one) => send(fleet, one));
}

export async function resultsOf(sent: readonly Sent[]): Promise<RunResult[]> {
  return Promise.all(sent.map((one) => one.result()));
}

function definitionOf(attempts: number, inRepository: boolean): PipelineDefinition {
  const checked = checkPipeline({
    name: 'bench',
    inputs: { prompt: { type: 'string' } },
    stages: {
      [STAGE]: {
        ...{ pool: POOL, prompt: '{{ inputs.prompt }}', retry: { attempts, delay: '100ms' } },
        ...(!inRepository && { workspace: 'none' }),
      },
    },
  });
  if ('definition' in checked) return checked.definition;
  throw new Error(checked.problems.map(({ message }) => message).join('\n'));
}
