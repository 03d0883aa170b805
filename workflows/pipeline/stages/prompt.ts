import type { PromptStage } from '../../../contracts/definition';
import { renderTemplate } from '../../../contracts/expressions';
import type { CallModelResult } from '../../../contracts/models';
import { toDollars } from '../../../contracts/money';
import { excerpt } from '../../../contracts/text';
import { askModels, type Asking } from '../../models/ask-models';
import { NOT_ASKED } from '../../models/next-call';
import { Fault } from '../fault';
import { Parked } from '../parked';
import type { StageProduct } from '../run-events';
import { purseOf } from '../run-purse';
import { evaluateAnswer } from './evaluation';
import { renderPrompt, resolveAttachments } from './prompts';
import { MARGIN_MS, accepted, type Work } from './work-item';

/** One question to models: to the first, and to the next where that one does not answer. */
export async function runPromptStage(work: Work<PromptStage>): Promise<StageProduct> {
  const { run, key } = work;
  const asking = await askingOf(work);
  const outcome = await askModels(work.stage.evaluate === undefined ? asking : evaluating(work, asking));
  if ('parked' in outcome) {
    run.apply({ type: 'asking.parked', key, asked: outcome.parked });
    throw new Parked();
  }
  if ('failure' in outcome) throw new Fault(outcome.failure);
  const { answer } = outcome;
  return accepted(work, work.stage.accept, {
    output: answer.output ?? excerpt(answer.text),
    log: answer.text,
    by: `${answer.model} (${answer.provider})`,
    note: noteOf(answer, outcome.calls),
  });
}

/** An answer that does not pass is no answer: its model is told, and asked again. */
function evaluating(work: Work<PromptStage>, asking: Asking): Asking {
  return { ...asking, check: (answer, call) => evaluateAnswer(work, asking, answer, call) };
}

async function askingOf(work: Work<PromptStage>): Promise<Asking> {
  const { run, key, stage } = work;
  const { turn, startedAt = Date.now() } = run.record(key);
  const workspace = await run.workspaces.forStage(stage, key);
  const asked = run.state.asking?.[key];
  if (asked !== undefined) run.apply({ type: 'asking.parked', key });
  const what = `${key}: ask ${stage.model ?? 'a model'}${stage.task === undefined ? '' : ` (${stage.task})`}`;
  return {
    request: {
      id: `${run.runId}/${key}#${turn}`,
      project: run.input.run.project,
      run: run.input.run,
      stage: key,
      prompt: renderPrompt(work, stage.prompt),
      ...(stage.system === undefined ? {} : { system: renderTemplate(stage.system, run.scope(key)) }),
      ...(stage.model === undefined ? {} : { model: stage.model }),
      ...(stage.task === undefined ? {} : { task: stage.task }),
      ...(workspace === undefined ? {} : { workspace }),
      attachments: resolveAttachments(work, stage.attach),
      ...(stage.output === undefined ? {} : { output: stage.output }),
    },
    limits: { ...stage.retry, waitsUntil: startedAt + stage.timeoutMs },
    timeoutMs: stage.timeoutMs,
    asked: asked ?? NOT_ASKED,
    callModel: (input, call) => {
      const summary = call === 1 ? what : `${what}, call ${call}`;
      return run.activities(summary, { startToCloseTimeout: input.timeoutMs + MARGIN_MS }).callModel(input);
    },
    purse: purseOf(run),
    spent: ({ costNano = 0, tokens }) => {
      run.apply({ type: 'spent', key, by: 'model', costUsd: toDollars(costNano), tokens });
    },
    tell: (line) => run.apply({ type: 'audit', ...line, who: 'gantry', stage: key }),
    label: key,
    mustPark: () => run.mustPark,
  };
}

function noteOf({ costNano, inputTokens, outputTokens }: CallModelResult, calls: number): string {
  const tokens = `${inputTokens + outputTokens} tokens`;
  const told = costNano === undefined ? `${tokens}, price unknown` : tokens;
  return calls === 1 ? told : `${told}, ${calls} calls`;
}
