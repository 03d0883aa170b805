import { InvalidArgumentError } from 'commander';
import type { ModelConfig } from '../../../contracts/config/model-config';
import { scopeOfProject } from '../../../contracts/config/scope-of-project';
import type { RouteRequest } from '../../../contracts/models';
import { tokensOfPrompt } from '../../../contracts/tokens';
import { explainRoute } from '../../models/explain-route';
import { readPrompt } from '../given-prompt';
import type { AddCommand } from '../add-command';
import { taskType } from '../arguments';
import { renderRoute } from '../render/routing';

interface ExplainOptions {
  readonly task?: string;
  readonly taskType?: string;
  readonly model?: string;
  readonly project?: string;
  readonly team?: string;
  readonly maxTokens?: number;
  readonly id: string;
  readonly overBudget?: boolean;
}

/** A prompt of some pages, where none is given. */
const USUAL_PROMPT_TOKENS = 1_000;

export const addRouting: AddCommand = (program, cli) => {
  const routing = program.command('routing').description('Who answers, and why');
  routing
    .command('explain')
    .argument('[prompt]', 'what would be asked; - reads it from standard input, @FILE from a file')
    .description('Who would be asked now, in which order, who would not, and why; asks no model')
    .option('--task <name>', 'the kind of task: routes, policies and profiles know this word')
    .addOption(taskType())
    .option('--model <name>', 'provider/model, a model, a provider or a chain; the routes decide when absent')
    .option('--project <name>', 'for whom: routes, policies and budgets know it')
    .option('--team <name>', "whose budget pays; the project's when absent")
    .option('--max-tokens <number>', 'the longest answer', countOf)
    .option('--id <id>', 'of the answer: an experiment keeps it in one arm', 'explain')
    .option('--over-budget', 'as if the budget had nothing left')
    .action(async (prompt: string | undefined, options: ExplainOptions) => {
      const config = await cli().config();
      const given = prompt === undefined ? undefined : await readPrompt(prompt, cli());
      const inputTokens = given === undefined ? USUAL_PROMPT_TOKENS : tokensOfPrompt(Buffer.byteLength(given));
      const request = requestOf(config, options, inputTokens);
      const explained = await explainRoute(config, request, options.overBudget === true, () => cli().temporal());
      const { paint, width } = cli();
      cli().answer(explained, renderRoute(explained, { paint, width }));
    });
};

function requestOf(config: ModelConfig, options: ExplainOptions, inputTokens: number): RouteRequest {
  const { id, taskType, task = taskType, model, project, maxTokens } = options;
  const team = options.team ?? scopeOfProject(config.budgets, project).team;
  return {
    ...{ id, inputTokens },
    ...(model === undefined ? {} : { model }),
    ...(task === undefined ? {} : { task }),
    ...(project === undefined ? {} : { project }),
    ...(team === undefined ? {} : { team }),
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
  };
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of tokens, 1 or more.');
}
