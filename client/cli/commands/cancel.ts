import { randomUUID } from 'node:crypto';
import { cancelUpdate } from '../../../contracts/messages';
import { watchRun } from '../live-view';
import type { AddCommand } from '../add-command';
import { requireOpen } from '../require-open';

export const addCancel: AddCommand = (program, cli) => {
  program
    .command('cancel')
    .argument('<run>', 'which run')
    .description('Stop a run and take back what it did')
    .option('-c, --comment <text>', 'why; kept in the audit trail')
    .option('-y, --yes', 'do not ask')
    .option('-w, --watch', 'follow it until all is taken back')
    .action(async (word: string, options: { comment?: string; yes?: boolean; watch?: boolean }) => {
      const execution = await cli().findRun(word);
      requireOpen(execution, 'cancel');
      const { run } = execution;
      await cli().confirm(`Stop ${run.runId} and take back what it did?`, options.yes);
      const temporal = await cli().temporal();
      const request = { who: cli().who, ...(options.comment !== undefined && { comment: options.comment }) };
      // First by the update, which keeps who asked and why; then Temporal's own, so that the Web UI says Canceled.
      const { message } = await temporal.runs.update(run, cancelUpdate, randomUUID(), request);
      await temporal.runs.requestCancel(run);
      cli().answer({ run, message }, message);
      if (options.watch) await watchRun(cli(), run);
    });
};
