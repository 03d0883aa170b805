import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import {
  PROVIDER_BREAKER,
  breakerQuery,
  breakerWorkflowId,
  isolateUpdate,
  reportSignal,
  resetUpdate,
  takeProbeUpdate,
  type BreakerInput,
  type BreakerLimits,
  type BreakerState,
  type ProviderReport,
} from '../../contracts/breakers';
import { BUDGET_LEDGER } from '../../contracts/budgets';
import { MODEL_CALL } from '../../contracts/model-call';
import { SESSION_HOST, controlSessionsUpdate, hostWorkflowId, type SessionHostInput } from '../../contracts/messages';
import {
  MODEL_PROFILES,
  learnSignal,
  profilesQuery,
  profilesWorkflowId,
  type ProfilesInput,
} from '../../contracts/profiles';
import { MODEL_TASK } from '../../contracts/tasks/task';
import { hostTaskQueue } from '../../contracts/task-queues';
import type { EntityWorker } from '../support/entity-worker';
import { waitUntil } from '../support/wait-until';
import { playLedger } from './ledger-scenario';
import { playModelCall } from './model-call-scenario';
import { playModelTask } from './model-task-scenario';
import { playSingleTask } from './single-task-scenario';

/** One kept history of a workflow that is no run. Adding one is safe, changing one is not. */
export interface EntityScenario {
  readonly workflow:
    | typeof PROVIDER_BREAKER
    | typeof SESSION_HOST
    | typeof MODEL_PROFILES
    | typeof BUDGET_LEDGER
    | typeof MODEL_CALL
    | typeof MODEL_TASK;
  readonly name: string;
  readonly play: (entities: EntityWorker) => Promise<WorkflowHandle>;
}

const who = 'tester';

export const ENTITY_SCENARIOS: readonly EntityScenario[] = [
  { workflow: MODEL_CALL, name: 'failed-over-waited-and-settled', play: playModelCall },
  { workflow: MODEL_TASK, name: 'tried-again-continued-and-cancelled', play: playModelTask },
  { workflow: MODEL_TASK, name: 'alone-and-tried-again', play: playSingleTask },
  {
    workflow: PROVIDER_BREAKER,
    name: 'from-closed-to-isolated-and-idle',
    play: async (entities) => {
      const breaker = await startBreaker(entities, { idleMs: 1_500, firstOpenMs: opensFor(100) });
      for (let times = 0; times < 3; times += 1) await tell(breaker, `blip-${times}`, 'transient');
      await until(breaker, 'half-open');
      const { standing } = await breaker.executeUpdate(takeProbeUpdate, { args: [{ who, leaseMs: 1_000 }] });
      await breaker.executeUpdate(takeProbeUpdate, { args: [{ who: 'another' }] });
      await tell(breaker, 'probe', 'limit', { generation: standing.generation });
      await until(breaker, 'half-open');
      await breaker.executeUpdate(takeProbeUpdate, { args: [{ who, leaseMs: 1_000 }] });
      await waitUntil(async () => (await breaker.query(breakerQuery)).probe === undefined);
      await breaker.executeUpdate(isolateUpdate, { args: [{ who, comment: 'new keys' }] });
      await breaker.executeUpdate(resetUpdate, { args: [{ who }] });
      await breaker.result();
      return breaker;
    },
  },
  {
    workflow: PROVIDER_BREAKER,
    name: 'continued-as-new-while-open',
    play: async (entities) => {
      const breaker = await startBreaker(entities, {
        historyEvents: 20,
        firstOpenMs: opensFor(3_000),
        idleMs: 500,
      });
      const { runId } = await breaker.describe();
      for (let times = 0; times < 12; times += 1) await tell(breaker, `limit-${times}`, 'limit');
      await waitUntil(async () => (await breaker.describe()).runId !== runId);
      await until(breaker, 'half-open');
      await breaker.signal(reportSignal, { id: 'well', at: Date.now(), outcome: 'success' });
      await breaker.result();
      return breaker;
    },
  },
  {
    workflow: SESSION_HOST,
    name: 'commanded-lost-and-left',
    play: async (entities) => {
      const host = 'replayed';
      const taskQueue = hostTaskQueue(entities.taskQueue, host);
      const workflow = await entities.client.workflow.start(SESSION_HOST, {
        workflowId: hostWorkflowId(host),
        taskQueue: entities.taskQueue,
        args: [{ host, taskQueue, limits: { answerMs: 300 } } satisfies SessionHostInput],
      });
      const command = (target: string) =>
        workflow.executeUpdate(controlSessionsUpdate, { args: [{ who, action: 'stop', targets: [target] }] });
      await command('codex-1'); // nobody serves yet: answered in time, done when the host is there
      const first = await entities.serve({ taskQueue, activities: hostUntil('never') });
      await command('codex-2');
      await entities.end(first);
      await entities.serve({ taskQueue, activities: hostUntil('codex-3') });
      await command('codex-3');
      await workflow.result();
      return workflow;
    },
  },
  {
    workflow: MODEL_PROFILES,
    name: 'learned-and-continued-as-new',
    play: async (entities) => {
      const input: ProfilesInput = { organisation: 'replayed', limits: { profiles: 2, historyEvents: 12 } };
      const workflowId = profilesWorkflowId(input.organisation);
      const options = { workflowId, taskQueue: entities.taskQueue, args: [input] };
      const { firstExecutionRunId } = await entities.client.workflow.start(MODEL_PROFILES, options);
      const profiles = entities.client.workflow.getHandle(workflowId);
      const call = { task: 'code', provider: 'openai', ok: true, latencyMs: 1_200 };
      for (let times = 0; times < 6; times += 1) {
        await profiles.signal(learnSignal, [{ ...call, model: `m${times % 3}`, costNano: times }]);
        await profiles.query(profilesQuery);
      }
      await waitUntil(async () => (await profiles.describe()).runId !== firstExecutionRunId);
      await profiles.terminate('recorded');
      return entities.client.workflow.getHandle(workflowId, firstExecutionRunId);
    },
  },
  { workflow: BUDGET_LEDGER, name: 'drawn-lapsed-and-looked-up', play: playLedger },
];

const opensFor = (ms: number): BreakerLimits['firstOpenMs'] => ({ transient: ms, limit: ms, permanent: ms });

function startBreaker(entities: EntityWorker, limits: Partial<BreakerLimits>): Promise<WorkflowHandle> {
  return entities.client.workflow.start(PROVIDER_BREAKER, {
    workflowId: breakerWorkflowId('replayed'),
    taskQueue: entities.taskQueue,
    args: [{ provider: 'replayed', limits } satisfies BreakerInput],
  });
}

function tell(
  breaker: WorkflowHandle,
  id: string,
  failure: 'transient' | 'limit',
  more: Partial<ProviderReport> = {},
): Promise<void> {
  const outcome = { failure, type: 'Provider.Quota', message: 'usage limit' } as const;
  return breaker.signal(reportSignal, { id, at: Date.now(), outcome, ...more });
}

function until(breaker: WorkflowHandle, state: BreakerState): Promise<unknown> {
  return waitUntil(async () => (await breaker.query(breakerQuery)).state === state);
}

/** A host that leaves when it is told to stop a certain session. */
function hostUntil(last: string) {
  let leave!: () => void;
  const left = new Promise<void>((resolve) => (leave = resolve));
  return {
    serveSessions: async () => {
      Context.current().heartbeat();
      await Promise.race([left, Context.current().cancelled]);
      return { left: true };
    },
    controlSessions: async ({ targets }: { readonly targets: readonly string[] }) => {
      if (targets.includes(last)) leave();
      return { done: targets, refused: [] };
    },
  };
}
