import { randomUUID } from 'node:crypto';
import { priorityUpdate } from '../../../contracts/messages';
import type { AddCommand } from '../add-command';
import { PRIORITY_RULE, priorityOf } from '../arguments';
import { requireOpen } from '../require-open';

export const addPriority: AddCommand = (program, cli) => {
  program
    .command('priority')
    .argument('<run>', 'which run')
    .argument('<priority>', PRIORITY_RULE, priorityOf)
    .description('Let the stages a run has yet to begin go before or behind those of others')
    .action(async (word: string, priority: number) => {
      const execution = await cli().findRun(word);
      requireOpen(execution, 'move');
      const temporal = await cli().temporal();
      const request = { who: cli().who, priority };
      const { message } = await temporal.runs.update(execution.run, priorityUpdate, randomUUID(), request);
      cli().answer({ run: execution.run, message }, message);
    });
};
