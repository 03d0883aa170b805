import { InvalidArgumentError, type Command } from 'commander';
import { parseDuration } from '../../../contracts/duration';
import { NAME_PATTERN } from '../../../contracts/ids';
import { nearestWord } from '../../../contracts/nearest-word';
import { PRIORITY } from '../../../contracts/priority';
import { UserError } from '../../faults';
import { findRepository, projectOf } from '../../runs/repository';
import { startRun } from '../../runs/start-run';
import type { QueueReport } from '../../sessions/queue-report';
import { readQueue } from '../../sessions/read-queue';
import { poolsForAny, sendDefinition } from '../../sessions/send-prompt';
import { readPrompt } from '../given-prompt';
import type { AddCommand } from '../add-command';
import { sayAnswer, sayWhereItWaits } from '../sent-prompt';
import { priorityOf } from '../arguments';

interface SendOptions {
  readonly target?: string;
  readonly any?: boolean;
  readonly chain?: readonly string[];
  readonly taskType?: string;
  readonly priority: number;
  readonly repo?: string;
  readonly base?: string;
  readonly project?: string;
  readonly timeout?: string;
  readonly wait?: boolean;
  readonly keep?: boolean;
}

/** With `--any` the best pool is asked first, and each further one this much later. */
const ANY_WAIT = '1s';

export const addSend: AddCommand = (program, cli) => {
  const command = program
    .command('send')
    .argument('<prompt>', 'what to say to an agent; - reads it from standard input, @FILE from a file')
    .description('Send one prompt to a session, without a pipeline; it waits its turn, durably, while all are busy')
    .option('--target <pool>', 'the pool whose sessions may take it')
    .option(
      '--any',
      'any pool that a host serves now: the first with an idle session, else the one with the shortest wait',
    )
    .option(
      '--chain <pools>',
      'further pools after the target, such as claude,codex: each is asked too after 2 minutes',
      poolNames,
    );
  addWork(command);
  command.action(async (prompt: string, options: SendOptions) => {
    const said = await readPrompt(prompt, cli());
    const target = refuseUnclear(options);
    const { repo, warning } =
      options.repo === undefined ? {} : await findRepository(options.repo, options.base, cli().io.cwd);
    if (warning !== undefined) cli().note(warning);
    if (options.repo === undefined && options.base !== undefined) throw new UserError('--base needs --repo.');
    const temporal = await cli().temporal();
    const queue = await readQueue(temporal);
    const pools =
      target === undefined
        ? anyPool(queue, options)
        : [target, ...(options.chain ?? []).filter((pool) => pool !== target)];
    for (const line of unserved(pools, queue)) cli().note(line);
    const definition = sendDefinition({
      ...{ pools, inRepository: repo !== undefined, keep: options.keep === true },
      ...(options.taskType !== undefined && { taskType: options.taskType }),
      ...(options.timeout !== undefined && { timeout: options.timeout }),
      ...(target === undefined && { wait: ANY_WAIT }),
    });
    const { run } = await startRun(temporal, {
      ...{ project: projectOf(options.project, repo, cli().io.cwd), definition, inputs: { prompt: said } },
      ...{ mode: definition.mode, priority: options.priority, startedBy: cli().who },
      ...(repo !== undefined && { repo }),
      ...(options.base !== undefined && { base: options.base }),
    });
    if (options.wait) return sayAnswer(cli(), run);
    await sayWhereItWaits(cli(), temporal, run, pools);
  });
};

function addWork(command: Command): void {
  command
    .option(
      '--task-type <name>',
      'what kind of work it is: kept on the stage; with --any, pools named like it come first',
    )
    .option('--priority <1-10>', '10 goes first', priorityOf, PRIORITY.usual)
    .option('--repo <path|url>', 'work in a worktree of this repository: the branch of the run is the result')
    .option('--base <ref>', "branch, tag or commit to start from; the repository's current branch when absent")
    .option('--project <name>', "the repository's name when absent, else the folder's")
    .option('--timeout <duration>', 'how long the agent may take, such as 30m', durationText)
    .option('--keep', 'leave the agent up afterwards, with its conversation')
    .option('--wait', 'follow it to its end and print what the agent said; the exit code then tells how it ended');
}

/** The target; undefined for any. Fails: UserError. */
function refuseUnclear({ target, any, chain }: SendOptions): string | undefined {
  if (target !== undefined && any) throw new UserError('--target and --any exclude each other.');
  if (target === undefined && !any) throw new UserError('For whom?', 'Name a pool with --target, or say --any.');
  if (any && chain) throw new UserError('--any asks every pool: --chain goes with --target only.');
  const wrong = [...(target === undefined ? [] : [target]), ...(chain ?? [])].find((name) => !NAME_PATTERN.test(name));
  if (wrong !== undefined) throw new UserError(`"${wrong}" is no name of a pool.`, 'See them with `gantry queue`.');
  return target;
}

function anyPool(queue: QueueReport, { taskType }: SendOptions): string[] {
  const pools = poolsForAny(queue, taskType);
  if (pools.length > 0) return pools;
  throw new UserError(
    'No host serves a pool now, so there is none to choose. Nothing was sent.',
    'Start one with `gantry host --pool codex=3`, or name a pool with --target: the prompt then waits for it.',
  );
}

function unserved(pools: readonly string[], { pools: queues }: QueueReport): string[] {
  const served = queues.filter(({ hosts }) => hosts.length > 0).map(({ pool }) => pool);
  return pools
    .filter((pool) => !served.includes(pool))
    .map((pool) => {
      const near = nearestWord(pool, served);
      const meant = near === undefined ? '' : ` Did you mean "${near}"?`;
      return `Warning: no host serves "${pool}" now.${meant} The prompt waits until one does.`;
    });
}

function poolNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('It must be names of pools with commas between, such as claude,codex.');
}

function durationText(text: string): string {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return text;
  throw new InvalidArgumentError('It must be a duration, such as 30m or 2h.');
}
