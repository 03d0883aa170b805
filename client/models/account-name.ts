import type { BudgetAccountName } from '../../contracts/budgets';
import { NAME_PATTERN } from '../../contracts/ids';
import { UserError } from '../faults';

/** How people name an account: `org`, a team, or `team/job`. */
export function parseAccount(word: string): BudgetAccountName {
  if (word === 'org') return { level: 'org' };
  const [team = '', job, ...more] = word.split('/');
  const isGood = [team, ...(job === undefined ? [] : [job])].every((name) => NAME_PATTERN.test(name));
  if (!isGood || more.length > 0) {
    throw new UserError(
      `"${word}" names no budget.`,
      'Write org, the name of a team, or TEAM/JOB; `gantry budget show` lists those there are.',
    );
  }
  return job === undefined ? { level: 'team', team } : { level: 'job', team, job };
}

export function accountWord({ level, team, job }: BudgetAccountName): string {
  return level === 'org' ? 'org' : level === 'team' ? (team ?? '') : `${team ?? ''}/${job ?? ''}`;
}
