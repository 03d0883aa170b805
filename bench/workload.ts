import type { PipelineDefinition } from '../contracts/definition';
import { checkPipeline } from '../contracts/pipeline';
import { runBranch } from '../contracts/ids';
import { PIPELINE_RUN } from '../contracts/messages';
import type { RunInput, RunRef } from '../contracts/run';
import type { HandWrittenInput } from './hand-written-workflow';
import type { Runnable } from './runs';

/** Stages one after another, in a worktree or without one. */
export interface Workload {
  /** What each stage runs. */
  readonly commands: readonly string[];
  readonly worktree: boolean;
}

type Where = Pick<Runnable, 'client' | 'taskQueue' | 'searchable'>;

/** So many stages of a command that does nothing. */
export function nothing(stages: number): string[] {
  return Array.from({ length: stages }, () => 'true');
}

/** The workload as a pipeline, run by the engine. */
export function asPipeline(workload: Workload, where: Where): Runnable {
  const definition = definitionOf(workload);
  const input = (run: RunRef): RunInput => ({
    run,
    definition,
    inputs: {},
    mode: definition.mode,
    priority: 3,
    startedBy: 'bench',
    ...(workload.worktree && { repo: REPOSITORY }),
  });
  return { ...where, workflow: PIPELINE_RUN, input };
}

/** The same activities in the same order, called by a workflow written for them alone. */
export function asHandWritten(workload: Workload, where: Where, heartbeatTimeoutMs = 5_000): Runnable {
  const input = (run: RunRef): HandWrittenInput => ({
    run,
    stages: workload.commands.map((command, index) => ({ id: stageName(index), command })),
    heartbeatTimeoutMs,
    ...(workload.worktree && { claim: { repo: REPOSITORY, runId: run.runId, branch: runBranch(run.runId) } }),
  });
  return { ...where, workflow: 'handWritten', input };
}

const REPOSITORY = '/repository';

function stageName(index: number): string {
  return `stage-${index + 1}`;
}

function definitionOf({ commands, worktree }: Workload): PipelineDefinition {
  const stages = commands.map((run, index) => {
    const needs = index > 0 && { needs: stageName(index - 1) };
    return [stageName(index), { run, ...needs, ...(!worktree && { workspace: 'none' }) }] as const;
  });
  const checked = checkPipeline({ name: 'bench', stages: Object.fromEntries(stages) }, {});
  if ('definition' in checked) return checked.definition;
  throw new Error(checked.problems.map(({ message }) => message).join('\n'));
}
