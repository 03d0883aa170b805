import type { ModelConfig } from '../../contracts/config/model-config';
import { suggestion } from '../../contracts/nearest-word';

/**
 * What to say of a team that no budget and no key of the gateway names; undefined: it is known, or nothing is counted.
 * It may be meant all the same, but nothing limits it, and a misspelt one would go past the limits of the right one.
 */
export function strangeTeam({ budgets, gateway, source }: ModelConfig, team: string): string | undefined {
  if (budgets === undefined) return undefined;
  const keys = Object.values(gateway.keys).flatMap((key) => key.team ?? []);
  const known = [...new Set([...Object.keys(budgets.teams), ...keys])];
  if (known.includes(team)) return undefined;
  const hint = suggestion(team, known);
  return `No team "${team}" is named in ${source}, so that no limit of a team counts.${hint === undefined ? '' : ` ${hint}`}`;
}
