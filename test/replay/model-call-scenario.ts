import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { MODEL_CALL, modelCallWorkflowId, type ModelCallInput } from '../../contracts/model-call';
import type { CallModelInput, CallModelResult, ModelFailure } from '../../contracts/models';
import type { EntityWorker } from '../support/entity-worker';

const SLICE = { id: 'slice-1', grantedNano: 250_000_000, spentNano: 5_000_000 };

/** A question whose first provider fails, whose second is waited for, and whose answer was paid for. */
export async function playModelCall(entities: EntityWorker): Promise<WorkflowHandle> {
  let calls = 0;
  await entities.serve({
    taskQueue: entities.taskQueue,
    activities: {
      callModel: async (input: CallModelInput): Promise<CallModelResult> => {
        calls += 1;
        if (calls === 1) throw failed({ ...tried(), slice: SLICE });
        if (calls === 2) throw failed({ goesOn: true, retryAt: Date.now() + 1_200, rejected: [], findings: [] });
        const route = { by: 'chain', reasons: ['second'], findings: [], rejected: [] };
        const { slice } = input.spending ?? {};
        const tokens = { inputTokens: 11, outputTokens: 7 };
        const answer = {
          text: { inline: '42' },
          asked: { provider: 'b', model: 'two' },
          provider: 'b',
          model: 'two-2026',
          ...tokens,
          costNano: 5_000_000,
          route,
        };
        return { ...answer, ...(slice === undefined ? {} : { slice }) };
      },
      settleSlices: async () => undefined,
    },
  });
  const input: ModelCallInput = {
    ...{ id: 'replayed', prompt: 'What is 6 times 7?', task: 'sums', team: 'core', project: 'calculator' },
    ...{ timeoutMs: 60_000, attempts: 5, watched: false },
  };
  const call = await entities.client.workflow.start(MODEL_CALL, {
    workflowId: modelCallWorkflowId(input.id),
    taskQueue: entities.taskQueue,
    args: [input],
  });
  await call.result();
  return call;
}

function tried(): ModelFailure {
  const trial = {
    provider: 'a',
    model: 'one',
    failures: 1,
    lastType: 'Provider.ServerError',
    message: 'broke',
    final: false,
  } as const;
  return { trial, goesOn: true, next: { provider: 'b', model: 'two' }, rejected: [], findings: [] };
}

function failed(told: ModelFailure): ApplicationFailure {
  const type = told.trial?.lastType ?? 'Provider.Unavailable';
  return ApplicationFailure.create({ type, message: 'broke', nonRetryable: true, details: [told] });
}
