import { randomBytes } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';
import { formatDuration, parseDuration } from '../../../contracts/duration';
import { NAME_PATTERN } from '../../../contracts/ids';
import type { ModelCallInput } from '../../../contracts/model-call';
import { UserError } from '../../faults';
import { strangeTeam } from '../../models/known-team';
import type { Cli } from '../cli';
import { followCall } from '../follow-call';
import { readPrompt } from '../given-prompt';
import type { AddCommand } from '../add-command';
import { taskType } from '../arguments';

interface AskOptions {
  readonly task?: string;
  readonly taskType?: string;
  readonly model?: string;
  readonly project?: string;
  readonly team?: string;
  readonly timeout: number;
  readonly maxTokens?: number;
  readonly system?: string;
  readonly stream?: boolean;
  readonly wait: boolean;
  readonly show?: string;
}

const TIMEOUT_MS = 10 * 60_000;
/** Calls of models at most; waiting for a provider is none. */
const ATTEMPTS = 5;

export const addAsk: AddCommand = (program, cli) => {
  program
    .command('ask')
    .argument('[prompt]', 'what to ask; - reads it from standard input, @FILE from a file')
    .description('Ask a model, durably: it waits for a provider that takes nothing now, and survives a lost worker')
    .option('--task <name>', 'the kind of task: routes, policies and profiles know this word')
    .addOption(taskType())
    .option('--model <name>', 'provider/model, a model, a provider or a chain; the routes decide when absent')
    .option('--project <name>', 'for whom: routes, policies and budgets know it', nameOf)
    .option('--team <name>', 'whose budget pays', nameOf)
    .addOption(
      new Option('--timeout <duration>', 'how long it may take in all')
        .argParser(durationOf)
        .default(TIMEOUT_MS, formatDuration(TIMEOUT_MS)),
    )
    .option('--max-tokens <number>', 'the longest answer', countOf)
    .option('--system <text>', 'instructions that go before the prompt')
    .option('--stream', 'show the answer as it comes')
    .option('--no-wait', 'start it and leave; see it with --show')
    .option('--show <id>', 'wait for a question that was asked before, and print its answer')
    .action(async (prompt: string | undefined, options: AskOptions) => {
      if (options.stream && cli().json) throw new UserError('--stream is for people, and --json for programs.');
      const input = options.show === undefined ? await inputOf(prompt, options, cli()) : undefined;
      if (options.show !== undefined && prompt !== undefined) {
        throw new UserError('--show prints the answer of a question that was asked before: give no prompt.');
      }
      if (options.team !== undefined) await warnOf(options.team, cli());
      const temporal = await cli().temporal();
      const id = input?.id ?? options.show ?? '';
      if (input !== undefined) await temporal.modelCalls.start(input, summaryOf(input));
      const goesOn = `See it with \`gantry ask --show ${id}\`.`;
      if (!options.wait) {
        return cli().answer({ id, workflowId: `ask/${id}` }, `${id} is asked. ${goesOn}`);
      }
      cli().interruptHint = `${id} goes on. ${goesOn}`;
      await followCall(cli(), id, options.stream === true);
    });
};

/** What the workers go by is theirs; where nothing can be read here, nothing can be said. */
async function warnOf(team: string, cli: Cli): Promise<void> {
  const config = await cli.config().catch(() => undefined);
  const strange = config && strangeTeam(config, team);
  if (strange !== undefined) cli.note(strange);
}

async function inputOf(
  prompt: string | undefined,
  options: AskOptions,
  cli: Parameters<typeof readPrompt>[1],
): Promise<ModelCallInput> {
  if (prompt === undefined) throw new UserError('What to ask?', 'Give a prompt, - for standard input, or @FILE.');
  const { taskType, task = taskType, model, project, team, maxTokens, system } = options;
  return {
    id: randomBytes(4).toString('hex'),
    prompt: await readPrompt(prompt, cli),
    timeoutMs: options.timeout,
    attempts: ATTEMPTS,
    watched: options.stream === true,
    ...(system === undefined ? {} : { system }),
    ...(task === undefined ? {} : { task }),
    ...(model === undefined ? {} : { model }),
    ...(project === undefined ? {} : { project }),
    ...(team === undefined ? {} : { team }),
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
  };
}

function summaryOf({ prompt, task, model }: ModelCallInput): string {
  const to = [model, task].filter((word) => word !== undefined).join(', ');
  return `ask${to === '' ? '' : ` (${to})`}: ${prompt.replace(/\s+/g, ' ').slice(0, 120)}`;
}

function nameOf(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('It must start with a letter and hold only a-z, 0-9, - and _ (40 at most).');
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000) return ms;
  throw new InvalidArgumentError('It must be a duration of a second or more, such as 30s, 10m or 2h.');
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of tokens, 1 or more.');
}
