import type { Standing } from '../../contracts/breakers';
import type { ModelConfig } from '../../contracts/config/model-config';
import type { Route, RouteRequest } from '../../contracts/models';
import { createPriceBook } from '../../contracts/prices';
import type { Profile } from '../../contracts/profiles';
import { route } from '../../contracts/routing/route';
import { Fault } from '../faults';
import type { Temporal } from '../temporal';

/** Facts as they could be read, or why they could not: a route is made without them then. */
export type Read<T> = { readonly known: T } | { readonly unknown: string };

export interface RouteExplanation {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Where the configuration is from. */
  readonly source: string;
  readonly request: RouteRequest;
  readonly route: Route;
  /** Those that are not closed, by name. */
  readonly breakers: Read<Readonly<Record<string, Standing>>>;
  /** What was learned, of all tasks. */
  readonly profiles: Read<readonly Profile[]>;
}

/** Who would be asked now, by this configuration and how everything stands. Without a server: by the configuration. */
export async function explainRoute(
  config: ModelConfig,
  request: RouteRequest,
  overBudget: boolean,
  connect: () => Promise<Temporal>,
): Promise<RouteExplanation> {
  const [standings, profiles] = await Promise.all([
    read(async () => (await connect()).breakers.standings()),
    read(async () => (await connect()).profiles.known(config.organisation)),
  ]);
  const at = Date.now();
  const chosen = route(request, {
    config,
    standings: 'known' in standings ? standings.known : new Map<string, Standing>(),
    profiles: 'known' in profiles ? profiles.known : [],
    prices: createPriceBook(config.providers),
    trials: [],
    freeOnly: overBudget,
    now: at,
  });
  return { at, source: config.source, request, route: chosen, breakers: notClosed(standings), profiles };
}

async function read<T>(ask: () => Promise<T>): Promise<Read<T>> {
  try {
    return { known: await ask() };
  } catch (error) {
    if (error instanceof Fault) return { unknown: error.message };
    throw error;
  }
}

function notClosed(read: Read<ReadonlyMap<string, Standing>>): RouteExplanation['breakers'] {
  if ('unknown' in read) return read;
  return { known: Object.fromEntries([...read.known].filter(([, { state }]) => state !== 'closed')) };
}
