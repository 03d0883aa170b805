import { BUDGET_WINDOWS, type BudgetWindow } from '../budgets';
import { formatMoney, type NanoDollars } from '../money';
import { suggestion } from '../nearest-word';
import { problemAt, type Path, type Problem } from '../pipeline/problem';
import type { ConfigFile } from '../schemas/config';
import { isHere } from './complete-provider';

/** Limits that can be reached, projects that are counted once, and teams that are there. */
export function checkBudgets({ budgets }: ConfigFile): Problem[] {
  if (budgets === undefined) return [];
  const teams = Object.entries(budgets.teams);
  return [
    ...checkLimits(['budgets', 'limits'], budgets.limits),
    ...teams.flatMap(([team, { limits, jobs }]) => [
      ...checkLimits(['budgets', 'teams', team, 'limits'], limits),
      ...Object.entries(jobs).flatMap(([job, one]) =>
        checkLimits(['budgets', 'teams', team, 'jobs', job, 'limits'], one.limits),
      ),
    ]),
    ...countedTwice(budgets.teams),
  ];
}

/** A day is part of a month: what a day may cost more than the month can never be spent. */
function checkLimits(path: Path, limits: Partial<Record<BudgetWindow, NanoDollars>>): Problem[] {
  const set = BUDGET_WINDOWS.flatMap((window) => {
    const limit = limits[window];
    return limit === undefined ? [] : [{ window, limit }];
  });
  return set.flatMap(({ window, limit }, at) => {
    const larger = set.slice(at + 1).find((other) => other.limit < limit);
    if (larger === undefined) return [];
    const message = `${formatMoney(limit)} for the ${window} is more than the ${formatMoney(larger.limit)} for the ${larger.window}`;
    return [problemAt([...path, window], message.replaceAll('the total', 'all time'))];
  });
}

type Teams = NonNullable<ConfigFile['budgets']>['teams'];

function countedTwice(teams: Teams): Problem[] {
  const counted = new Map<string, string>();
  const claim = (project: string, by: string, path: Path, atKey: boolean): Problem[] => {
    const first = counted.get(project);
    counted.set(project, first ?? by);
    if (first === undefined) return [];
    return [problemAt(path, `the project "${project}" is counted by ${first} already`, atKey ? { atKey: true } : {})];
  };
  return Object.entries(teams).flatMap(([team, { projects, jobs }]) => [
    ...Object.keys(jobs).flatMap((job) =>
      claim(job, `the job ${team}/${job}`, ['budgets', 'teams', team, 'jobs', job], true),
    ),
    ...projects.flatMap((project, at) =>
      claim(project, `the team ${team}`, ['budgets', 'teams', team, 'projects', at], false),
    ),
  ]);
}

/** Teams and jobs that rules and keys name. A team is declared by its budget, or by a key of the gateway. */
export function checkTeams({ budgets, gateway, routes, policies }: ConfigFile): Problem[] {
  const declared = Object.keys(budgets?.teams ?? {});
  const keys = Object.entries(gateway.keys);
  const known = [...new Set([...declared, ...keys.flatMap(([, { team }]) => team ?? [])])];
  const unknown = (path: Path, team: string, teams: readonly string[]) =>
    problemAt(path, `there is no team "${team}"`, {
      hint: suggestion(team, teams) ?? 'Teams are named in budgets.teams.',
    });
  const rules = [
    ...routes.map(({ team }, at) => ({ path: ['routes', at, 'team'], team })),
    ...policies.map(({ team }, at) => ({ path: ['policies', at, 'team'], team })),
  ];
  return [
    ...rules.flatMap(({ path, team = [] }) =>
      team.flatMap((one, place) =>
        known.includes(one) ? [] : [unknown(team.length === 1 ? path : [...path, place], one, known)],
      ),
    ),
    ...keys.flatMap(([name, { team, job }]): Problem[] => {
      const path: Path = ['gateway', 'keys', name];
      if (job !== undefined && team === undefined)
        return [problemAt([...path, 'job'], 'a job is one of a team: name its team too')];
      // Without budgets nothing is counted, and any team will do.
      if (team === undefined || budgets === undefined) return [];
      if (!declared.includes(team)) return [unknown([...path, 'team'], team, declared)];
      const jobs = Object.keys(budgets.teams[team]?.jobs ?? {});
      if (job === undefined || jobs.includes(job)) return [];
      return [problemAt([...path, 'job'], `the team "${team}" has no job "${job}"`, { hint: suggestion(job, jobs) })];
    }),
  ];
}

/** Keys that are told apart, and a door that is not open to everybody. */
export function checkGateway({ gateway: { host, keys } }: ConfigFile): Problem[] {
  const entries = Object.entries(keys);
  const open = entries.length === 0 && !isHere(`http://${host.includes(':') ? `[${host}]` : host}`);
  const seen = new Map<string, string>();
  return [
    ...(open
      ? [
          problemAt(['gateway', 'host'], `whoever reaches ${host} may spend: there are no gateway.keys`, {
            hint: 'Name some, or listen on 127.0.0.1.',
          }),
        ]
      : []),
    ...entries.flatMap(([name, { key, sha256 }]): Problem[] => {
      const path: Path = ['gateway', 'keys', name];
      if ((key === undefined) === (sha256 === undefined)) {
        const message = key === undefined ? 'needs key or sha256' : 'has both key and sha256';
        return [problemAt(path, `gateway.keys.${name} ${message}`)];
      }
      const held = key ?? sha256 ?? '';
      const other = seen.get(held);
      seen.set(held, other ?? name);
      if (other === undefined) return [];
      return [
        problemAt([...path, key === undefined ? 'sha256' : 'key'], `gateway.keys.${name} is the same key as ${other}`),
      ];
    }),
  ];
}
