import { randomUUID } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { priorityUpdate } from '../../../contracts/messages';
import type { AddCommand } from '../program';
import { requireOpen } from '../require-open';

export const addPriority: AddCommand = (program, cli) => {
  program
    .command('priority')
    .argument('<run>', 'which run')
    .argument('<priority>', '1 (first) to 5 (last)', priorityOf)
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

export function priorityOf(text: string): number {
  if (/^[1-5]$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`It must be 1 (first) to 5 (last), got ${text}.`);
}
