import { continueRun } from '../../runs/continue-run';
import { shownSoFar, watchRun } from '../live-view';
import type { AddCommand } from '../add-command';

export const addRollback: AddCommand = (program, cli) => {
  program
    .command('rollback')
    .argument('<run>', 'which run')
    .description('Take back what a run did, all of it or what came after a stage')
    .option('--to <stage>', 'the last stage to keep; none when absent')
    .option('-c, --comment <text>', 'why; kept in the audit trail')
    .option('-y, --yes', 'do not ask')
    .option('-w, --watch', 'follow it until all is taken back')
    .action(async (word: string, options: { to?: string; comment?: string; yes?: boolean; watch?: boolean }) => {
      const execution = await cli().findRun(word);
      const what = options.to === undefined ? 'all it did' : `what it did after ${options.to}`;
      await cli().confirm(`Stop ${execution.run.runId} and take back ${what}?`, options.yes);
      const by = { who: cli().who, ...(options.comment !== undefined && { comment: options.comment }) };
      const intent = { kind: 'rollback' as const, ...(options.to !== undefined && { to: options.to }) };
      const since = options.watch && (await shownSoFar(cli(), execution));
      const message = await continueRun(await cli().temporal(), execution, intent, by);
      cli().answer({ run: execution.run, message }, message);
      if (since) await watchRun(cli(), execution.run, { since });
    });
};
