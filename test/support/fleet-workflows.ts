import { condition, defineSignal, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { PoolActivities, SessionActivities } from '../../contracts/activities';
import type { AgentStage } from '../../contracts/definition';
import { dispatchId, leaseId } from '../../contracts/ids';
import { controlSessionsUpdate, statusQuery, type SessionHostInput } from '../../contracts/messages';
import { priorityKey } from '../../contracts/priority';
import type { RunInput, RunResult, RunView, StageRecord } from '../../contracts/run';
import type { Lease } from '../../contracts/sessions';
import { poolTaskQueue } from '../../contracts/task-queues';

// A host and a run that do no more than the client sees of them. What the real ones do is tested where they are.

export async function sessionHost({ taskQueue }: SessionHostInput): Promise<void> {
  const { serveSessions, controlSessions } = proxyActivities<SessionActivities>({
    taskQueue,
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '2s',
    retry: { initialInterval: 100, maximumInterval: 100 },
  });
  setHandler(controlSessionsUpdate, (input) => controlSessions(input));
  await serveSessions();
}

/** The prompt's answer, from whoever plays the agent. */
export const answerSignal = defineSignal<[string]>('scriptedAnswer');

/** Takes a place in the first pool of its one stage, waits for a lease, then for an answer. */
export async function pipelineRun(input: RunInput): Promise<RunResult> {
  const stage = input.definition.stages[0] as AgentStage;
  const pool = stage.pools[0]!;
  const known: { lease?: Lease; answer?: string } = {};
  const place = { pool, priority: input.priority, since: Date.now() };
  const startedAt = Date.now();
  const view = (): RunView => {
    const { lease, answer } = known;
    const record: StageRecord = {
      ...{
        key: stage.id,
        kind: 'agent',
        status: answer === undefined ? 'running' : 'succeeded',
        turn: 1,
        attempt: 1,
        startedAt,
      },
      ...(lease === undefined ? { waitsIn: [place] } : { lease, by: `${lease.agent} (headless)` }),
      ...(answer === undefined ? {} : { output: { message: answer, commits: 0 }, endedAt: Date.now() }),
    };
    return {
      ...{ run: input.run, pipeline: input.definition.name, mode: input.mode, priority: input.priority, startedAt },
      ...{
        status: answer === undefined ? 'RUNNING' : 'SUCCESS',
        now: Date.now(),
        stages: [record],
        gates: [],
        undos: [],
      },
      ...{ costUsd: 0, tokens: 0, nested: [] },
    };
  };
  setHandler(statusQuery, view);
  setHandler(answerSignal, (text) => {
    known.answer = text;
  });
  const { reserveSession } = proxyActivities<PoolActivities>({
    taskQueue: poolTaskQueue(workflowInfo().taskQueue, pool),
    startToCloseTimeout: '10s',
    priority: { priorityKey: priorityKey(input.priority), fairnessKey: input.run.project },
  });
  const id = dispatchId(input.run.runId, stage.id, 1, 1);
  known.lease = await reserveSession({
    run: input.run,
    stage: stage.id,
    dispatchId: id,
    pool,
    leaseId: leaseId(id, pool, 1),
  });
  await condition(() => known.answer !== undefined);
  return {
    status: 'SUCCESS',
    view: view(),
    output: {},
    carried: { undos: [], audit: [], costUsd: 0, tokens: 0, turns: {} },
  };
}
