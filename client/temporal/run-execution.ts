import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { parseRunWorkflowId } from '../../contracts/ids';
import { PIPELINE_RUN } from '../../contracts/messages';
import type { RunRef } from '../../contracts/run';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';

/** A run as Temporal itself knows it: what there is to see while no worker answers. */
export interface RunExecution {
  readonly run: RunRef;
  /** Temporal's id of the newest execution. */
  readonly executionId: string;
  readonly open: boolean;
  /** Temporal shows it as Canceled: it left no result. */
  readonly canceled: boolean;
  /** gantry's word for an end or a state; Temporal's where gantry could say none (`TERMINATED`, `TIMED_OUT`). */
  readonly status: string;
  readonly pipeline: string;
  readonly stage?: string;
  readonly waitingFor?: string;
  readonly mode?: string;
  readonly costUsd?: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly closedAt?: number;
  readonly historyEvents: number;
}

export interface RunFilter {
  readonly project?: string;
  readonly pipeline?: string;
  readonly status?: string;
  readonly open?: boolean;
  readonly limit: number;
}

export function toExecution(info: WorkflowExecutionInfo | WorkflowExecutionDescription): RunExecution {
  const attribute = info.typedSearchAttributes;
  const open = info.status.name === 'RUNNING' || info.status.name === 'PAUSED';
  const ownStatus = attribute.get(SEARCH_ATTRIBUTES.status);
  const stopped = info.status.name === 'TERMINATED' || info.status.name === 'TIMED_OUT';
  const optional = {
    stage: attribute.get(SEARCH_ATTRIBUTES.stage),
    waitingFor: attribute.get(SEARCH_ATTRIBUTES.waitingFor),
    mode: attribute.get(SEARCH_ATTRIBUTES.mode),
    costUsd: attribute.get(SEARCH_ATTRIBUTES.costUsd),
    closedAt: info.closeTime?.getTime(),
  };
  return {
    run: parseRunWorkflowId(info.workflowId) ?? { project: '', runId: info.workflowId },
    executionId: info.runId,
    open,
    canceled: info.status.name === 'CANCELLED',
    status: stopped ? info.status.name : (ownStatus ?? info.status.name),
    pipeline: attribute.get(SEARCH_ATTRIBUTES.pipeline) ?? pipelineOf(info.memo),
    startedAt: info.startTime.getTime(),
    historyEvents: info.historyLength,
    ...withoutUndefined(optional),
  };
}

function pipelineOf(memo: Readonly<Record<string, unknown>> | undefined): string {
  const pipeline = memo?.['pipeline'];
  return typeof pipeline === 'string' ? pipeline : '';
}

export function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept = Object.entries(value).filter(([, field]) => field !== undefined && field !== '');
  return Object.fromEntries(kept) as { [K in keyof T]?: NonNullable<T[K]> };
}

export function visibilityQuery(filter: RunFilter): string {
  const equals = (name: string, value: string) => `${name} = ${quoted(value)}`;
  return [
    equals('WorkflowType', PIPELINE_RUN),
    'ExecutionStatus != "ContinuedAsNew"',
    ...(filter.project ? [equals(SEARCH_ATTRIBUTES.project.name, filter.project)] : []),
    ...(filter.pipeline ? [equals(SEARCH_ATTRIBUTES.pipeline.name, filter.pipeline)] : []),
    ...(filter.status ? [equals(SEARCH_ATTRIBUTES.status.name, filter.status)] : []),
    ...(filter.open ? [equals('ExecutionStatus', 'Running')] : []),
  ].join(' AND ');
}

export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
