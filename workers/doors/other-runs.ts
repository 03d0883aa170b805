import { ApplicationFailure, Context } from '@temporalio/activity';
import { Client, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { withHeartbeat } from '../../activities/heartbeat';
import type { RunActivities } from '../../contracts/activities';
import { parseRunWorkflowId, runWorkflowId } from '../../contracts/ids';
import { PIPELINE_RUN } from '../../contracts/messages';
import { RESUMABLE, type RunRef, type RunResult } from '../../contracts/run';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';

/** How a run stands, as far as its worktree is concerned. */
export type Standing =
  | { readonly state: 'open' }
  | { readonly state: 'ended'; readonly at: number; readonly resumable: boolean }
  | { readonly state: 'unknown' };

export interface OtherRuns {
  readonly activities: RunActivities;
  readonly standingOf: (run: RunRef) => Promise<Standing>;
}

/** What a worker asks Temporal about other runs than the one it works for. */
export function createOtherRuns(connection: NativeConnection, namespace: string): OtherRuns {
  const client = new Client({ connection, namespace });
  return { activities: runActivities(client), standingOf: (run) => standingOf(client, run) };
}

async function standingOf(client: Client, { project, runId }: RunRef): Promise<Standing> {
  try {
    const { status, closeTime, typedSearchAttributes } = await client.workflow
      .getHandle(runWorkflowId(project, runId))
      .describe();
    if (closeTime === undefined) return { state: 'open' };
    const ended = typedSearchAttributes.get(SEARCH_ATTRIBUTES.status);
    const endedItself = status.name !== 'TERMINATED' && status.name !== 'TIMED_OUT';
    const resumable = endedItself && RESUMABLE.some((one) => one === ended);
    return { state: 'ended', at: closeTime.getTime(), resumable };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { state: 'unknown' };
    throw error;
  }
}

/** Waiting for other runs. */
function runActivities(client: Client): RunActivities {
  return {
    awaitRun: (input) =>
      withHeartbeat(
        () => ({ waitingFor: input.project }),
        ({ signal }) => awaitRun(client, input, signal),
      ),
  };
}

type Wanted = Parameters<RunActivities['awaitRun']>[0];

async function awaitRun(client: Client, { project, pipeline, run }: Wanted, signal: AbortSignal) {
  const handle =
    run === undefined
      ? await latest(client, project, pipeline)
      : client.workflow.getHandle(runWorkflowId(project, run));
  const result = await ending(handle, project, run ?? pipeline ?? 'latest', signal);
  if (result.status !== 'SUCCESS') {
    throw failure('Run.DependencyFailed', `Run ${handle.workflowId} ended as ${result.status}.`);
  }
  return { run: result.view.run, output: result.output };
}

async function latest(client: Client, project: string, pipeline: string | undefined): Promise<WorkflowHandle> {
  const quoted = (value: string): string => `"${value.replace(/[\\"]/g, '\\$&')}"`;
  const query = [
    `WorkflowType = "${PIPELINE_RUN}"`,
    `${SEARCH_ATTRIBUTES.project.name} = ${quoted(project)}`,
    ...(pipeline === undefined ? [] : [`${SEARCH_ATTRIBUTES.pipeline.name} = ${quoted(pipeline)}`]),
  ].join(' AND ');
  let newest: { id: string; at: number } | undefined;
  for await (const info of client.workflow.list({ query })) {
    const isRun = parseRunWorkflowId(info.workflowId) !== undefined && info.parentExecution === undefined;
    if (isRun && (newest === undefined || info.startTime.getTime() > newest.at)) {
      newest = { id: info.workflowId, at: info.startTime.getTime() };
    }
  }
  if (newest === undefined) {
    throw failure(
      'Run.NotFound',
      `Project "${project}" has no run${pipeline === undefined ? '' : ` of pipeline "${pipeline}"`} to wait for.`,
    );
  }
  return client.workflow.getHandle(newest.id);
}

async function ending(handle: WorkflowHandle, project: string, what: string, signal: AbortSignal): Promise<RunResult> {
  try {
    return (await Promise.race([handle.result(), Context.current().cancelled])) as RunResult;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw failure('Run.NotFound', `Project "${project}" has no run "${what}" to wait for.`);
    }
    signal.throwIfAborted();
    throw failure('Run.DependencyFailed', `Run ${handle.workflowId} did not end well: ${(error as Error).message}`);
  }
}

function failure(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}
