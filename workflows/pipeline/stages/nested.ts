import { ChildWorkflowFailure, ApplicationFailure, executeChild, ParentClosePolicy } from '@temporalio/workflow';
import type { NestedStage, PipelineDefinition } from '../../../contracts/definition';
import { renderValue } from '../../../contracts/expressions';
import { nestedRunId, runWorkflowId } from '../../../contracts/ids';
import type { Json } from '../../../contracts/json';
import { PIPELINE_RUN } from '../../../contracts/messages';
import type { RunInput, RunResult, Workspace } from '../../../contracts/run';
import { fault } from '../fault';
import type { RunContext } from '../run-context';
import type { StageProduct } from '../run-events';
import { setupOf } from '../workspaces';
import { accepted, undoId, type Work } from './work-item';

/** A pipeline inside this one, as a run of its own that shares the workspace. Its undos become this run's. */
export async function runNestedStage(work: Work<NestedStage>): Promise<StageProduct> {
  const { run, key, stage } = work;
  const depth = (run.input.parent?.depth ?? 0) + 1;
  if (depth > run.limits.nestingDepth) {
    throw fault('Definition.Invalid', `Pipelines nest ${depth} deep here; ${run.limits.nestingDepth} is the limit.`);
  }
  const definition = await definitionOf(work);
  const isolation = usesWorkspace(definition, definition.pipelines) ? stage.workspace : 'none';
  const workspace = await run.workspaces.forStage({ ...stage, workspace: isolation }, key);
  const input = childInput(work, definition, depth);
  run.apply({ type: 'stage.nested', key, runId: input.run.runId });
  const result = await runChild(work, {
    ...input,
    parent: { runId: run.runId, stage: key, depth, ...lent(run, workspace) },
  });
  adopt(work, result);
  run.apply({ type: 'spent', key, by: 'run', costUsd: result.view.costUsd, tokens: result.view.tokens });
  if (result.status !== 'SUCCESS' && result.status !== 'COMPLETED_DEGRADED') {
    throw fault(
      result.status === 'BUDGET_EXHAUSTED' ? 'Budget.Exhausted' : 'Run.Failed',
      `Nested run ${input.run.runId} ended as ${result.status}: ${result.view.failure?.message ?? 'see its stages'}`,
      result.view.failure?.evidence,
    );
  }
  if (isolation === 'own') await run.workspaces.integrate(key);
  return accepted(work, stage.accept, {
    output: result.output,
    note: `${definition.name}: ${result.status}`,
  });
}

/** A pipeline of the file by name, or one that an earlier stage has made. */
async function definitionOf({ run, key, stage }: Work<NestedStage>): Promise<PipelineDefinition> {
  const chosen = renderValue(stage.pipeline, run.scope(key));
  if (typeof chosen !== 'string') {
    const { loadPipeline } = run.activities(`${key}: check the pipeline it was given`);
    const loaded = await loadPipeline({ source: chosen, name: stage.id });
    return { ...loaded, pipelines: { ...run.input.definition.pipelines, ...loaded.pipelines } };
  }
  const named = run.input.definition.pipelines[chosen];
  if (named === undefined) {
    const known = Object.keys(run.input.definition.pipelines).join(', ') || 'none';
    throw fault('Definition.Invalid', `Stage "${key}" nests "${chosen}", which is no pipeline here. Known: ${known}.`);
  }
  return { ...named, pipelines: run.input.definition.pipelines };
}

/** Whether a pipeline works on files anywhere: only then is it lent a worktree. One yet to be made may. */
function usesWorkspace(definition: PipelineDefinition, known: PipelineDefinition['pipelines']): boolean {
  return definition.stages.some((stage) => {
    if (stage.kind !== 'pipeline') return stage.workspace !== 'none';
    const nested = known[stage.pipeline];
    return nested === undefined || usesWorkspace(nested, known);
  });
}

/** The worktree a nested run works in, and what readies one like it in another home. */
function lent(run: RunContext, workspace: Workspace | undefined): Partial<NonNullable<RunInput['parent']>> {
  if (workspace === undefined) return {};
  const setup = setupOf(run);
  return { workspace, ...(setup === undefined ? {} : { setup }) };
}

function childInput({ run, key, stage }: Work<NestedStage>, definition: PipelineDefinition, depth: number): RunInput {
  const { turn, attempt } = run.record(key);
  const ending = turn === 1 && attempt === 1 ? '' : `-${turn}.${attempt}`;
  const scope = run.scope(key);
  const given = Object.entries(stage.with).map(([name, value]): [string, Json] => [
    name,
    typeof value === 'string' ? renderValue(value, scope) : value,
  ]);
  const defaults = Object.entries(definition.inputs).flatMap(([name, { default: value }]): [string, Json][] =>
    value === undefined ? [] : [[name, value]],
  );
  return {
    run: { project: run.input.run.project, runId: `${nestedRunId(run.runId, key)}${ending}` },
    definition,
    inputs: { ...Object.fromEntries(defaults), ...Object.fromEntries(given) },
    mode: run.input.mode,
    priority: run.state.priority,
    startedBy: `${run.runId}/${key}`,
    ...(run.input.repo === undefined ? {} : { repo: run.input.repo }),
    ...(run.input.base === undefined ? {} : { base: run.input.base }),
    parent: { runId: run.runId, stage: key, depth },
    limits: run.limits,
  };
}

async function runChild({ run, key, stage }: Work<NestedStage>, input: RunInput): Promise<RunResult> {
  try {
    return await executeChild<(input: RunInput) => Promise<RunResult>>(PIPELINE_RUN, {
      workflowId: runWorkflowId(input.run.project, input.run.runId),
      args: [input],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${input.definition.name} for ${run.runId}/${key}`.slice(0, 200),
      ...(stage.timeoutMs > 0 ? { workflowExecutionTimeout: stage.timeoutMs + NESTED_MARGIN_MS } : {}),
    });
  } catch (error) {
    const result = resultOf(error);
    if (result === undefined) throw error;
    return result;
  }
}

/** A run that ended badly says how in the details of its failure. */
function resultOf(error: unknown): RunResult | undefined {
  if (!(error instanceof ChildWorkflowFailure) || !(error.cause instanceof ApplicationFailure)) return undefined;
  const [result] = error.cause.details ?? [];
  return typeof result === 'object' && result !== null && 'carried' in result ? (result as RunResult) : undefined;
}

/** What the nested run did is this run's to take back; the workspace it shared is left out. */
function adopt(work: Work, result: RunResult): void {
  const { run, key } = work;
  const prefix = undoId(work, 'nested');
  const undos = result.carried.undos.map((undo) => ({ ...undo, id: `${prefix}/${undo.id}`, stage: key }));
  if (undos.length > 0) run.apply({ type: 'undo.adopted', undos });
}

/** The nested run ends itself at the stage's timeout; this only bounds one that cannot. */
const NESTED_MARGIN_MS = 60 * 60_000;
