import type { Candidate } from '../models';
import type { RouteFacts } from './facts';
import { distinct, namedBy, realOf, type Named } from './names';

/** Who the budget names for when it has nothing left: they come before whoever is meant. */
export function localByBudget({ config, freeOnly }: Pick<RouteFacts, 'config' | 'freeOnly'>): Named {
  const local = config.budgets?.local;
  return freeOnly === true && local !== undefined ? namedBy(config, [local]) : { candidates: [], nobody: [] };
}

/** Where the budget names nobody: any that costs nothing, after whoever is meant. */
export function anyFree({
  config,
  freeOnly,
  prices,
}: Pick<RouteFacts, 'config' | 'freeOnly' | 'prices'>): readonly Candidate[] {
  if (freeOnly !== true || config.budgets?.local !== undefined) return [];
  const known = realOf(config.providers).flatMap(({ name, models }) =>
    models.map((model) => ({ provider: name, model })),
  );
  return distinct(known.filter((candidate) => prices.isFree(candidate)));
}
