import { continueRun } from '../../runs/continue-run';
import { shownSoFar, watchRun } from '../live-view';
import type { AddCommand } from '../program';
import { failUnlessWell } from './status';

export const addResume: AddCommand = (program, cli) => {
  program
    .command('resume')
    .argument('<run>', 'which run')
    .description('Go on with a paused run, or with one that a failure or a limit ended; what finished is kept')
    .option('-c, --comment <text>', 'why; kept in the audit trail')
    .option('-w, --watch', 'follow it to its end')
    .action(async (word: string, { comment, watch }: { comment?: string; watch?: boolean }) => {
      const execution = await cli().findRun(word);
      const by = { who: cli().who, ...(comment !== undefined && { comment }) };
      const since = watch && (await shownSoFar(cli(), execution));
      const message = await continueRun(await cli().temporal(), execution, { kind: 'resume' }, by);
      cli().answer({ run: execution.run, message }, message);
      if (since) failUnlessWell(await watchRun(cli(), execution.run, { since }));
    });
};
