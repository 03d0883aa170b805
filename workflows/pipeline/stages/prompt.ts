import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import type { PromptStage } from '../../../contracts/definition';
import { renderTemplate } from '../../../contracts/expressions';
import { excerpt } from '../../../contracts/text';
import type { StageProduct } from '../run-events';
import { renderPrompt, resolveAttachments } from './prompts';
import { MARGIN_MS, accepted, type Work } from './work-item';

/** One question to a model. */
export async function runPromptStage(work: Work<PromptStage>): Promise<StageProduct> {
  const { run, key, stage } = work;
  const workspace = await run.workspaces.forStage(stage, key);
  const { callModel } = run.activities(
    `${key}: ask ${stage.model ?? 'a model'}${stage.task === undefined ? '' : ` (${stage.task})`}`,
    {
      startToCloseTimeout: stage.timeoutMs + MARGIN_MS,
      retry: {
        maximumAttempts: stage.retry.attempts,
        initialInterval: stage.retry.delayMs,
        backoffCoefficient: 2,
        maximumInterval: 60_000,
      },
    },
  );
  const answer = await despiteLostWorkers(() =>
    callModel({
      run: run.input.run,
      stage: key,
      prompt: renderPrompt(work, stage.prompt),
      ...(stage.system === undefined ? {} : { system: renderTemplate(stage.system, run.scope(key)) }),
      ...(stage.model === undefined ? {} : { model: stage.model }),
      ...(stage.task === undefined ? {} : { task: stage.task }),
      ...(workspace === undefined ? {} : { workspace }),
      attachments: resolveAttachments(work, stage.attach),
      ...(stage.output === undefined ? {} : { output: stage.output }),
      timeoutMs: stage.timeoutMs,
    }),
  );
  const tokens = answer.inputTokens + answer.outputTokens;
  run.apply({ type: 'spent', key, costUsd: answer.costUsd ?? 0, tokens });
  return accepted(work, stage.accept, {
    output: answer.output ?? excerpt(answer.text),
    log: answer.text,
    by: `${answer.model} (${answer.provider})`,
    note: answer.costUsd === undefined ? `${tokens} tokens, price unknown` : `${tokens} tokens`,
  });
}

/** Times a call is made again because its worker was lost on the stage's last attempt: that was not the model's doing. */
const LOST_WORKERS = 5;

async function despiteLostWorkers<T>(call: () => Promise<T>): Promise<T> {
  for (let lost = 0; ; lost += 1) {
    try {
      return await call();
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : undefined;
      const workerWasLost = cause instanceof TimeoutFailure && cause.timeoutType === 'HEARTBEAT';
      if (!workerWasLost || lost >= LOST_WORKERS) throw error;
    }
  }
}
