import type { PipelineDefinition } from '../contracts/definition';
import { checkPipeline } from '../contracts/pipeline';
import { runBranch } from '../contracts/ids';
import { PIPELINE_RUN } from '../contracts/messages';
import type { RunInput, RunRef } from '../contracts/run';
import type { HandWrittenInput } from './hand-written-workflow';
import type { Runnable } from './runs';

/** Stages one after another that do nothing, in a worktree or without one. */
export interface Workload {
  readonly stages: number;
  readonly worktree: boolean;
}

type Where = Pick<Runnable, 'client' | 'taskQueue' | 'searchable'>;

/** The workload as a pipeline, run by the engine. */
export function asPipeline({ stages, worktree }: Workload, where: Where): Runnable {
  const definition = definitionOf(stages, worktree);
  const input = (run: RunRef): RunInput => ({
    run,
    definition,
    inputs: {},
    mode: definition.mode,
    priority: 3,
    startedBy: 'bench',
    ...(worktree && { repo: REPOSITORY }),
  });
  return { ...where, workflow: PIPELINE_RUN, input };
}

/** The same activities in the same order, called by a workflow written for them alone. */
export function asHandWritten({ stages, worktree }: Workload, where: Where, heartbeatTimeoutMs = 5_000): Runnable {
  const input = (run: RunRef): HandWrittenInput => ({
    run,
    stages: stageNames(stages),
    heartbeatTimeoutMs,
    ...(worktree && { claim: { repo: REPOSITORY, runId: run.runId, branch: runBranch(run.runId) } }),
  });
  return { ...where, workflow: 'handWritten', input };
}

const REPOSITORY = '/repository';

function stageNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `stage-${index + 1}`);
}

function definitionOf(count: number, worktree: boolean): PipelineDefinition {
  const names = stageNames(count);
  const stages = names.map((name, index) => {
    const needs = index > 0 && { needs: names[index - 1] };
    return [name, { run: name, ...needs, ...(!worktree && { workspace: 'none' }) }] as const;
  });
  const checked = checkPipeline({ name: 'bench', stages: Object.fromEntries(stages) }, {});
  if ('definition' in checked) return checked.definition;
  throw new Error(checked.problems.map(({ message }) => message).join('\n'));
}
