import type { RunStatus } from '../../../contracts/run';
import type { RunExecution } from '../../temporal';
import { elapsed, money, moment } from './figures';
import { columns, fit, type Paint } from './paint';
import { STATUS_COLOUR } from './run';

/** One line a run, newest first. */
export function renderRunList(
  runs: readonly RunExecution[],
  options: { readonly paint: Paint; readonly width: number; readonly at: number; readonly timeZone?: string },
): string {
  if (runs.length === 0) return 'No runs.';
  const head = ['RUN', 'PROJECT', 'PIPELINE', 'STATUS', 'AT', 'STARTED', 'TOOK', 'COST'].map(options.paint.dim);
  const rows = runs.map((run) => row(run, options));
  return columns([head, ...rows])
    .map((line) => fit(line, options.width))
    .join('\n');
}

function row(execution: RunExecution, options: { paint: Paint; at: number; timeZone?: string }): string[] {
  const { run, pipeline, status, startedAt, closedAt } = execution;
  const colour = STATUS_COLOUR[status as RunStatus] ?? 'red';
  const waiting = execution.waitingFor === undefined ? undefined : `waits for ${execution.waitingFor}`;
  return [
    run.runId,
    run.project,
    pipeline,
    options.paint[colour](status),
    execution.open ? (waiting ?? execution.stage ?? '') : '',
    moment(startedAt, options.at, options.timeZone),
    elapsed(startedAt, closedAt ?? options.at),
    execution.costUsd === undefined ? '' : money(execution.costUsd),
  ];
}
