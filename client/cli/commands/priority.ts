import { randomUUID } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { priorityUpdate } from '../../../contracts/messages';
import { isPriority, PRIORITY } from '../../../contracts/priority';
import type { AddCommand } from '../program';
import { requireOpen } from '../require-open';

/** For help and for whoever wrote something else. */
export const PRIORITY_RULE = `${PRIORITY.lowest} (last) to ${PRIORITY.highest} (first)`;

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

export function priorityOf(text: string): number {
  const priority = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (isPriority(priority)) return priority;
  throw new InvalidArgumentError(`It must be ${PRIORITY_RULE}, got ${text}.`);
}
