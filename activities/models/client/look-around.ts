import type { Standing } from '../../../contracts/breakers';
import type { Route, Trial } from '../../../contracts/models';
import { breakersOf } from '../../../contracts/routing/breakers';
import type { RouteFacts } from '../../../contracts/routing/facts';
import { route } from '../../../contracts/routing/route';
import type { ModelClientPorts } from './client-ports';
import type { ClientRequest } from './model-client';

/** A route, and how the breakers stood that it was made by. */
export interface Look {
  readonly route: Route;
  readonly standings: ReadonlyMap<string, Standing>;
}

/**
 * Route a request by how everything stands now. Names alone decide who is meant, so a first route without breakers
 * tells which of them have to be asked.
 */
export async function lookAround(
  { config, breakers, prices, profiles }: ModelClientPorts,
  request: ClientRequest,
  trials: readonly Trial[],
  freeOnly = false,
): Promise<Look> {
  const { allowed } = request;
  const facts: RouteFacts = {
    ...{ config, prices, trials, freeOnly },
    ...(allowed === undefined ? {} : { allowed }),
    standings: new Map(),
    profiles: await profiles.known(),
    now: Date.now(),
  };
  const { candidates } = route(request, facts);
  const names = [...new Set(candidates.flatMap(breakersOf))];
  const standings = new Map(
    await Promise.all(names.map(async (name) => [name, await breakers.standing(name)] as const)),
  );
  return { route: route(request, { ...facts, standings, now: Date.now() }), standings };
}
