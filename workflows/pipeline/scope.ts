import type { ExpressionScope } from '../../contracts/definition';
import { stageIdOf, type StageKey } from '../../contracts/ids';
import type { Json, JsonObject } from '../../contracts/json';
import type { RunInput, StageRecord } from '../../contracts/run';
import { tailOf } from '../../contracts/text';
import type { RunState } from './state';

/** What expressions and templates of a stage see. */
export function scopeFor(
  run: RunInput,
  state: RunState,
  key?: StageKey,
  own?: { readonly output: Json },
): ExpressionScope {
  const record = key === undefined ? undefined : state.stages[key];
  const mending = key === undefined ? undefined : state.mending[stageIdOf(key)];
  return {
    inputs: run.inputs,
    run: runScope(run, state),
    stages: stagesScope(run, state),
    matrix: record?.matrix ?? {},
    ...(own === undefined ? {} : { output: own.output }),
    ...(mending === undefined
      ? {}
      : {
          failure: {
            stage: mending.stage,
            message: mending.failure.message,
            evidence: mending.failure.evidence === undefined ? '' : tailOf(mending.failure.evidence),
          },
        }),
  };
}

function runScope(run: RunInput, state: RunState): JsonObject {
  const { workspace } = state;
  return {
    id: run.run.runId,
    project: run.run.project,
    pipeline: run.definition.name,
    mode: run.mode,
    priority: state.priority,
    branch: workspace?.branch ?? '',
    base: workspace?.base ?? run.base ?? '',
    ports: { ...(workspace?.ports ?? {}) },
    after: [...state.after],
  };
}

function stagesScope(run: RunInput, state: RunState): JsonObject {
  const stages: JsonObject = {};
  for (const stage of run.definition.stages) {
    const cells = state.cells[stage.id];
    if (cells !== undefined) {
      const records = cells.flatMap((key) => state.stages[key] ?? []);
      stages[stage.id] = {
        status: records.every((one) => one.status === 'succeeded') ? 'succeeded' : 'failed',
        output: records.map((one) => one.output ?? null),
      };
      continue;
    }
    const record = state.stages[stage.id];
    if (record !== undefined) stages[stage.id] = recordScope(record);
  }
  return stages;
}

function recordScope(record: StageRecord): JsonObject {
  return { status: record.status, output: record.output ?? null, turn: record.turn };
}
