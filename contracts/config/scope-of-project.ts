import type { BudgetScope } from '../budgets';
import type { BudgetsFile } from '../schemas/config/budgets';

/** Whose spending a project is. A job is named after the project it counts; a team says which others are its own. */
export function scopeOfProject(
  budgets: Pick<BudgetsFile, 'teams'> | undefined,
  project: string | undefined,
  given: BudgetScope = {},
): BudgetScope {
  if (budgets === undefined || project === undefined || given.job !== undefined) return given;
  const teams = Object.entries(budgets.teams).filter(([name]) => given.team === undefined || given.team === name);
  const withJob = teams.find(([, { jobs }]) => Object.hasOwn(jobs, project));
  if (withJob) return { ...given, team: withJob[0], job: project };
  const team = given.team ?? teams.find(([, { projects }]) => projects.includes(project))?.[0];
  return team === undefined ? given : { ...given, team };
}
