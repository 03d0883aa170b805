import type { Standing } from '../../../contracts/breakers';
import type { Candidate, Route, Trial } from '../../../contracts/models';
import { breakersOf } from '../../../contracts/routing/breakers';
import type { RouteFacts } from '../../../contracts/routing/facts';
import { candidatesOf, route } from '../../../contracts/routing/route';
import type { ModelClientPorts } from './client-ports';
import type { ClientRequest } from './model-client';
import type { BreakerPort } from './ports';

/** A route, and how the breakers stood that it was made by. */
export interface Look {
  readonly route: Route;
  readonly standings: ReadonlyMap<string, Standing>;
}

/** Route a request by how everything stands now: names alone decide whose breakers have to be looked at. */
export async function lookAround(
  { config, breakers, prices, profiles }: ModelClientPorts,
  request: ClientRequest,
  trials: readonly Trial[],
  freeOnly = false,
): Promise<Look> {
  const { allowed } = request;
  const named = candidatesOf(request, { config, prices, freeOnly });
  const [known, standings] = await Promise.all([profiles.known(), standingsOf(breakers, named)]);
  const facts: RouteFacts = {
    config,
    prices,
    trials,
    freeOnly,
    standings,
    profiles: known,
    now: Date.now(),
    ...(allowed === undefined ? undefined : { allowed }),
  };
  return { route: route(request, facts), standings };
}

async function standingsOf(
  breakers: BreakerPort,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, Standing>> {
  const names = new Set(candidates.flatMap(breakersOf));
  const standings = new Map<string, Standing>();
  await Promise.all(
    [...names].map((name) => breakers.standing(name).then((standing) => standings.set(name, standing))),
  );
  return standings;
}
