// What a run does next. Pure: state in, steps out; the workflow takes the steps and reports what came of them.
//
// P1. A stage is entered once everything it needs has settled: succeeded, was skipped, or failed and was tolerated.
// P2. A run that is stopping, paused or draining enters nothing.
// P3. Work that is still ending (`busy`) is never entered again beside itself.
// P4. A run has ended when nothing is busy and nothing can be entered.

import { evaluate, evaluateBoolean } from '../../contracts/expressions';
import type { PipelineDefinition, StageDefinition } from '../../contracts/definition';
import { stageIdOf, stageKey, type StageKey } from '../../contracts/ids';
import type { Json, JsonObject } from '../../contracts/json';
import type { EndStatus, RunInput, StageFailure, StageRecord } from '../../contracts/run';
import type { Graph } from './graph';
import { scopeFor } from './scope';
import { waitsForPeople, type RunState } from './state';

export type Step =
  | { readonly do: 'skip'; readonly stage: StageDefinition; readonly reason: string }
  | { readonly do: 'expand'; readonly stage: StageDefinition; readonly cells: readonly Cell[] }
  | { readonly do: 'start'; readonly stage: StageDefinition; readonly key: StageKey; readonly matrix?: JsonObject }
  | { readonly do: 'break'; readonly stage: StageDefinition; readonly failure: StageFailure }
  | { readonly do: 'stop'; readonly reason: 'budget' };

export interface Cell {
  readonly key: StageKey;
  readonly values: JsonObject;
}

/** More cells than this are a mistake in an expression, not a plan. */
const MAX_CELLS = 256;

export interface PlanInput {
  readonly run: RunInput;
  readonly graph: Graph;
  readonly state: RunState;
  readonly busy: ReadonlySet<StageKey>;
  readonly parallel: number;
}

/** The first step to take now, or undefined when there is nothing to do but wait. */
export function nextStep(input: PlanInput): Step | undefined {
  const { graph, state } = input;
  if (state.stop !== undefined || state.paused || state.waitingForRuns) return undefined;
  for (const stage of graph.stages) {
    if (!isReady(input, stage)) continue;
    const step = stepFor(input, stage);
    if (step !== undefined) return step;
  }
  return undefined;
}

function isReady({ graph, state }: PlanInput, stage: StageDefinition): boolean {
  if (stageStatus(state, stage) !== 'pending') return false;
  return stage.needs.every((need) => isSettled(stageStatus(state, graph.stage(need))));
}

function stepFor(input: PlanInput, stage: StageDefinition): Step | undefined {
  const { state, busy } = input;
  if (stage.matrix !== undefined && state.cells[stage.id] !== undefined) {
    const pending = cellRecords(state, stage.id).find((cell) => cell.status === 'pending' && !busy.has(cell.key));
    return pending === undefined ? undefined : startStep(input, stage, pending.key, pending.matrix);
  }
  if (busy.has(stage.id)) return undefined;
  const entered = state.stages[stage.id];
  const parked = entered !== undefined && entered.attempt > 0;
  if (!parked) {
    try {
      if (stage.when !== undefined && !evaluateBoolean(stage.when, scopeFor(input.run, state))) {
        return { do: 'skip', stage, reason: `when: ${stage.when}` };
      }
      if (stage.matrix !== undefined) return expandStep(input, stage, stage.matrix);
    } catch (error) {
      return { do: 'break', stage, failure: expressionFailure(error) };
    }
  }
  return startStep(input, stage, stage.id, undefined);
}

function startStep(
  input: PlanInput,
  stage: StageDefinition,
  key: StageKey,
  matrix: JsonObject | undefined,
): Step | undefined {
  const { state, busy, run, parallel } = input;
  if (stage.kind !== 'gate' && workingCount(state, busy) >= parallel) return undefined;
  const limit = run.definition.budgetUsd;
  const costs = stage.kind === 'prompt' || stage.kind === 'agent' || stage.kind === 'pipeline';
  if (costs && limit !== undefined && state.costUsd >= limit) return { do: 'stop', reason: 'budget' };
  return { do: 'start', stage, key, ...(matrix === undefined ? {} : { matrix }) };
}

function workingCount(state: RunState, busy: ReadonlySet<StageKey>): number {
  return [...busy].filter((key) => !waitsForPeople(state, key)).length;
}

function expandStep(input: PlanInput, stage: StageDefinition, matrix: NonNullable<StageDefinition['matrix']>): Step {
  const scope = scopeFor(input.run, input.state);
  const axes = Object.entries(matrix).map(([name, values]) => {
    const list = typeof values === 'string' ? evaluate(values, scope) : [...values];
    if (!Array.isArray(list)) throw new Error(`matrix.${name} must be a list, got ${JSON.stringify(list)}`);
    return { name, list };
  });
  const combinations = axes.reduce<JsonObject[]>(
    (all, { name, list }) => all.flatMap((cell) => list.map((value): JsonObject => ({ ...cell, [name]: value }))),
    [{}],
  );
  if (combinations.length > MAX_CELLS) {
    throw new Error(`matrix makes ${combinations.length} cells; at most ${MAX_CELLS} are allowed`);
  }
  if (combinations.length === 0) return { do: 'skip', stage, reason: 'its matrix is empty' };
  return { do: 'expand', stage, cells: labelled(stage.id, combinations) };
}

function labelled(stageId: string, combinations: readonly JsonObject[]): Cell[] {
  const seen = new Map<string, number>();
  return combinations.map((values) => {
    const label = Object.values(values).map(cellWord).join(',');
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    // cellWord leaves no # in a label, so a numbered one is nobody else's.
    return { key: stageKey(stageId, times === 1 ? label : `${label}#${times}`), values };
  });
}

function cellWord(value: Json): string {
  const word = typeof value === 'string' ? value : JSON.stringify(value);
  return word.replace(/[[\],#\s/]+/g, '-').slice(0, 40);
}

/** How a stage stands as a whole: its own record, or what its matrix cells come to. */
export function stageStatus(state: RunState, stage: StageDefinition): StageRecord['status'] {
  if (stage.matrix === undefined || state.cells[stage.id] === undefined) {
    return state.stages[stage.id]?.status ?? 'pending';
  }
  const cells = cellRecords(state, stage.id).map((cell) => cell.status);
  for (const status of ['failed', 'pending', 'running', 'waiting', 'cancelled', 'undone', 'tolerated'] as const) {
    if (cells.includes(status)) return status;
  }
  return 'succeeded';
}

export function cellRecords(state: RunState, stageId: string): StageRecord[] {
  return (state.cells[stageId] ?? []).flatMap((key) => state.stages[key] ?? []);
}

/** Every record a stage has: its cells, or its one. */
export function keysOf(state: RunState, stageId: string): StageKey[] {
  return Object.keys(state.stages).filter((key) => stageIdOf(key) === stageId);
}

export function isSettled(status: StageRecord['status']): boolean {
  return status === 'succeeded' || status === 'skipped' || status === 'tolerated';
}

/** How the run ends, once nothing is busy; undefined while it has not ended. */
export function conclude(definition: PipelineDefinition, state: RunState): EndStatus | undefined {
  if (state.stop !== undefined) return endOf(state);
  const statuses = definition.stages.map((stage) => stageStatus(state, stage));
  if (!statuses.every(isSettled)) return undefined;
  return statuses.includes('tolerated') ? 'COMPLETED_DEGRADED' : 'SUCCESS';
}

function endOf(state: RunState): EndStatus {
  switch (state.stop?.kind) {
    case 'cancel':
      return 'CANCELLED';
    case 'rollback':
      return 'ROLLED_BACK';
    case 'timeout':
      return 'TIMEOUT';
    case 'budget':
      return 'BUDGET_EXHAUSTED';
    case 'failed':
      return Object.values(state.stages).some((one) => isSettled(one.status)) ? 'PARTIAL_SUCCESS' : 'SYSTEM_FAILURE';
    case 'broken':
    case undefined:
      return 'SYSTEM_FAILURE';
  }
}

export function expressionFailure(error: unknown): StageFailure {
  return { type: 'Expression.Failed', message: error instanceof Error ? error.message : String(error) };
}
