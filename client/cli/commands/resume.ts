import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../../contracts/duration';
import { continueRun } from '../../runs/continue-run';
import { shownSoFar, watchRun } from '../live-view';
import type { AddCommand } from '../add-command';
import { failUnlessWell } from '../fail-unless-well';

interface Options {
  readonly comment?: string;
  readonly watch?: boolean;
  readonly budget?: number;
  readonly timeout?: number;
}

export const addResume: AddCommand = (program, cli) => {
  program
    .command('resume')
    .argument('<run>', 'which run')
    .description('Go on with a paused run, or with one that a failure or a limit ended; what finished is kept')
    .option('-c, --comment <text>', 'why; kept in the audit trail')
    .option('-b, --budget <dollars>', 'what it may spend in all, in place of the budget it has used up', dollars)
    .option('-t, --timeout <duration>', 'how long it may take from now on, such as 2h', duration)
    .option('-w, --watch', 'follow it to its end')
    .action(async (word: string, { comment, watch, budget, timeout }: Options) => {
      const execution = await cli().findRun(word);
      const by = { who: cli().who, ...(comment !== undefined && { comment }) };
      const since = watch && (await shownSoFar(cli(), execution));
      const message = await continueRun(await cli().temporal(), execution, { kind: 'resume' }, by, {
        ...(budget !== undefined && { budgetUsd: budget }),
        ...(timeout !== undefined && { timeoutMs: timeout }),
      });
      cli().answer({ run: execution.run, message }, message);
      if (since) failUnlessWell(await watchRun(cli(), execution.run, { since }));
    });
};

function dollars(text: string): number {
  const amount = Number(text.replace(/^\$/, ''));
  if (Number.isFinite(amount) && amount > 0) return amount;
  throw new InvalidArgumentError('It must be an amount of US dollars, such as 5 or 2.50.');
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('It must be a duration, such as 30m or 2h.');
}
