import { InvalidArgumentError, Option } from 'commander';
import { isPriority, PRIORITY } from '../../contracts/priority';

// What options and arguments of several commands take. Each fails with InvalidArgumentError, which names the option.

/** For help and for whoever wrote something else. */
export const PRIORITY_RULE = `${PRIORITY.lowest} (last) to ${PRIORITY.highest} (first)`;

export function priorityOf(text: string): number {
  const priority = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (isPriority(priority)) return priority;
  throw new InvalidArgumentError(`It must be ${PRIORITY_RULE}, got ${text}.`);
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`It must be a whole number above 0, got ${text}.`);
}

/** `send` calls it so, and people do not remember which command calls it how: the same as `--task`. */
export function taskType(): Option {
  return new Option('--task-type <name>', 'the same as --task').hideHelp();
}
