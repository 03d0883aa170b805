import { renderValue } from '../../contracts/expressions';
import type { StageKey } from '../../contracts/ids';
import type { JsonObject } from '../../contracts/json';
import type { EndStatus, RunResult, RunView, StageFailure } from '../../contracts/run';
import { toFault } from './fault';
import type { RunContext } from './run-context';
import { carriedWithoutStages } from './state';
import { prepareUndosForParent } from './undoing';
import { viewOf } from './view';

/** How a run ended, what it made, and what a resumed, retried or rolled back one starts from. */
export function resultOf(run: RunContext, status: EndStatus): RunResult {
  return {
    status,
    view: fitting(viewOf(run)),
    output: outputOf(run, status),
    carried: { ...carriedWithoutStages(run.state), undos: prepareUndosForParent(run) },
  };
}

/** Characters of all stages together. Temporal takes no result over 2 MB. */
const STAGES_LIMIT = 1_000_000;

/** A run that cannot hand over its result never ends: the largest outputs are left out of it, and say so. */
function fitting(view: RunView): RunView {
  let total = JSON.stringify(view.stages).length;
  if (total <= STAGES_LIMIT) return view;
  const sizes = view.stages.map(({ key, output }) => ({ key, size: JSON.stringify(output ?? null).length }));
  const leftOut = new Map<StageKey, number>();
  for (const { key, size } of sizes.sort((a, b) => b.size - a.size)) {
    if (total <= STAGES_LIMIT) break;
    leftOut.set(key, size);
    total -= size;
  }
  const stages = view.stages.map((stage) => {
    const characters = leftOut.get(stage.key);
    return characters === undefined ? stage : { ...stage, output: { leftOut: characters } };
  });
  return { ...view, stages };
}

function outputOf(run: RunContext, status: EndStatus): JsonObject {
  if (status !== 'SUCCESS' && status !== 'COMPLETED_DEGRADED') return {};
  const declared = Object.entries(run.input.definition.output ?? {});
  try {
    return Object.fromEntries(declared.map(([name, template]) => [name, renderValue(template, run.scope())]));
  } catch (error) {
    const failure: StageFailure = toFault(error).failure;
    return { error: failure.message };
  }
}
