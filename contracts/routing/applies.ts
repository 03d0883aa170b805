import type { RouteRequest } from '../models';
import { ANY_TASK } from '../profiles';

/** Conditions as rules, experiments and policies have them: what is absent holds for everything. */
export interface Conditions {
  readonly task?: readonly string[] | undefined;
  readonly project?: readonly string[] | undefined;
  readonly team?: readonly string[] | undefined;
}

/** A request that names no task is one of {@link ANY_TASK}. */
export function taskOf({ task }: Pick<RouteRequest, 'task'>): string {
  return task ?? ANY_TASK;
}

export function applies({ task, project, team }: Conditions, request: RouteRequest): boolean {
  return holds(task, taskOf(request)) && holds(project, request.project) && holds(team, request.team);
}

/** `task: research; project: web`, for people; empty where there are no conditions. */
export function conditionsText({ task, project, team }: Conditions): string {
  return Object.entries({ task, project, team })
    .filter(([, words]) => words !== undefined)
    .map(([name, words]) => `${name}: ${(words ?? []).join(', ')}`)
    .join('; ');
}

function holds(wanted: readonly string[] | undefined, is: string | undefined): boolean {
  return wanted === undefined || (is !== undefined && wanted.includes(is));
}
