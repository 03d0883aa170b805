import { existsSync } from 'node:fs';
import path from 'node:path';
import { Option } from 'commander';
import type { Mode, PipelineDefinition, StageDefinition } from '../../../contracts/definition';
import { RUN_ID_PATTERN, runWorkflowId } from '../../../contracts/ids';
import { PRIORITY } from '../../../contracts/priority';
import { MODES } from '../../../contracts/schemas/pipeline';
import { loadPipelineFile } from '../../definition/load-file';
import { UserError } from '../../faults';
import { findRepository, projectOf } from '../../runs/repository';
import { startRun } from '../../runs/start-run';
import type { Cli } from '../cli';
import { givenInputs } from '../given-inputs';
import { watchRun } from '../live-view';
import { collect } from '../pool-arguments';
import type { AddCommand } from '../add-command';
import { priorityOf } from '../arguments';
import { failUnlessWell } from '../fail-unless-well';

export const addStart: AddCommand = (program, cli) => {
  program
    .command('start')
    .argument('<file>', 'a pipeline file')
    .description('Check a pipeline file and start a run of it')
    .option('--repo <path|url>', 'the repository to work on')
    .option('--base <ref>', "branch, tag or commit to start from; the repository's current branch when absent")
    .option('-i, --input <name=value>', 'an input; name=@file reads it from a file', collect, [])
    .addOption(new Option('--mode <mode>', 'how much it may do by itself').choices(MODES))
    .option('--priority <1-10>', '10 goes first', priorityOf, PRIORITY.usual)
    .option('--project <name>', "the repository's name when absent")
    .option('--run-id <id>', 'made from the inputs when absent')
    .option('-w, --watch', 'follow it to its end; the exit code then tells how it ended')
    .option('--check', 'check the file and the inputs, and start nothing')
    .action(async (file: string, options: StartOptions) => {
      const { definition, warnings = [] } = await loadPipelineFile(existing(cli().io.cwd, file), { cwd: cli().io.cwd });
      for (const warning of warnings) cli().note(warning);
      const inputs = givenInputs(definition, options.input, cli().io.cwd);
      const repo = await repositoryOf(definition, cli(), options);
      const { base, priority } = options;
      if (options.check)
        return cli().answer(definition, `${file} is a valid pipeline of ${definition.stages.length} stages.`);
      const request = {
        ...{ project: projectOf(options.project, repo, cli().io.cwd), definition, inputs, priority },
        ...{ mode: options.mode ?? definition.mode, startedBy: cli().who },
        ...(repo !== undefined && { repo }),
        ...(base !== undefined && { base }),
        ...(options.runId !== undefined && { runId: checkedRunId(options.runId) }),
      };
      const started = await startRun(await cli().temporal(), request);
      const { run, executionId } = started;
      const url = cli().urlOf(run);
      const answer = { run, workflowId: runWorkflowId(run.project, run.runId), executionId, ...(url && { url }) };
      if (options.watch) return failUnlessWell(await watchRun(cli(), run));
      cli().answer(
        answer,
        [`${run.runId} started.`, ...(url ? [url] : []), `Follow it: gantry status ${run.runId} --watch`].join('\n'),
      );
    });
};

interface StartOptions {
  readonly repo?: string;
  readonly base?: string;
  readonly input: readonly string[];
  readonly mode?: Mode;
  readonly priority: number;
  readonly project?: string;
  readonly runId?: string;
  readonly watch?: boolean;
  readonly check?: boolean;
}

/** A file that is not there is said so before anything else; what else may be wrong with it the loader says. */
function existing(cwd: string, file: string): string {
  if (existsSync(path.resolve(cwd, file))) return file;
  throw new UserError(`${file}: there is no such file. Nothing was started.`, 'Write one with `gantry init`.');
}

/** The repository its stages need, and what of it they will not see. */
async function repositoryOf(
  definition: PipelineDefinition,
  cli: Cli,
  options: StartOptions,
): Promise<string | undefined> {
  if (options.repo !== undefined) {
    const { repo, warning } = await findRepository(options.repo, options.base, cli.io.cwd);
    if (warning !== undefined) cli.note(warning);
    return repo;
  }
  const working = definition.stages.find((stage) => usesWorkspace(stage, definition.pipelines));
  if (working === undefined) return undefined;
  throw new UserError(
    `Stage "${working.id}" works in a repository and none is named.`,
    'Name one: --repo . or --repo URL.',
  );
}

/** A nested pipeline works on files if one of its stages does; one yet to be made may. */
function usesWorkspace(stage: StageDefinition, known: PipelineDefinition['pipelines']): boolean {
  const nested = stage.kind === 'pipeline' ? known[stage.pipeline] : undefined;
  return nested === undefined
    ? stage.workspace !== 'none'
    : nested.stages.some((inner) => usesWorkspace(inner, { ...known, ...nested.pipelines }));
}

function checkedRunId(runId: string): string {
  if (RUN_ID_PATTERN.test(runId)) return runId;
  throw new UserError(`--run-id ${runId}: a run id holds small letters, digits, -, _ and . only.`);
}
