import { RefusedError } from '../../faults';
import { continueRun } from '../../runs/continue-run';
import { readView } from '../../runs/read-run';
import type { RunExecution } from '../../temporal';
import type { Cli } from '../cli';
import { shownSoFar, watchRun } from '../live-view';
import type { AddCommand } from '../add-command';
import { failUnlessWell } from '../fail-unless-well';

export const addRetry: AddCommand = (program, cli) => {
  program
    .command('retry')
    .argument('<run>', 'which run')
    .description('Run a stage and all after it again')
    .option('--from <stage>', 'the stage to begin with; the failed one when absent')
    .option('-c, --comment <text>', 'why; kept in the audit trail')
    .option('-w, --watch', 'follow it to its end')
    .action(async (word: string, options: { from?: string; comment?: string; watch?: boolean }) => {
      const execution = await cli().findRun(word);
      const from = options.from ?? (await failedStage(cli(), execution));
      const by = { who: cli().who, ...(options.comment !== undefined && { comment: options.comment }) };
      const since = options.watch && (await shownSoFar(cli(), execution));
      const message = await continueRun(await cli().temporal(), execution, { kind: 'retry', from }, by);
      cli().answer({ run: execution.run, message }, message);
      if (since) failUnlessWell(await watchRun(cli(), execution.run, { since }));
    });
};

async function failedStage(cli: Cli, { run }: RunExecution): Promise<string> {
  const { stages } = await readView(await cli.temporal(), run);
  const failed = stages.find(({ status }) => status === 'failed' || status === 'tolerated');
  if (failed) return failed.key.replace(/\[.*$/, '');
  throw new RefusedError('No stage of this run has failed.', 'Name one with --from.');
}
