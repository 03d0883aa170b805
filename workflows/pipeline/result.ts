import { renderValue } from '../../contracts/expressions';
import type { JsonObject } from '../../contracts/json';
import type { EndStatus, RunResult, StageFailure } from '../../contracts/run';
import { toFault } from './fault';
import type { RunContext } from './run-context';
import { carriedWithoutStages } from './state';
import { prepareUndosForParent } from './undoing';
import { viewOf } from './view';

/** How a run ended, what it made, and what a resumed, retried or rolled back one starts from. */
export function resultOf(run: RunContext, status: EndStatus): RunResult {
  return {
    status,
    view: viewOf(run),
    output: outputOf(run, status),
    carried: { ...carriedWithoutStages(run.state), undos: prepareUndosForParent(run) },
  };
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
