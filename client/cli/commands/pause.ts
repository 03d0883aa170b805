import { randomUUID } from 'node:crypto';
import { pauseUpdate } from '../../../contracts/messages';
import type { AddCommand } from '../add-command';
import { requireOpen } from '../require-open';

export const addPause: AddCommand = (program, cli) => {
  program
    .command('pause')
    .argument('<run>', 'which run')
    .description('Let what runs end and begin nothing new')
    .option('-c, --comment <text>', 'why; kept in the audit trail')
    .action(async (word: string, { comment }: { comment?: string }) => {
      const execution = await cli().findRun(word);
      requireOpen(execution, 'pause');
      const request = { who: cli().who, ...(comment !== undefined && { comment }) };
      const temporal = await cli().temporal();
      const { message } = await temporal.runs.update(execution.run, pauseUpdate, randomUUID(), request);
      cli().answer({ run: execution.run, message }, message);
    });
};
