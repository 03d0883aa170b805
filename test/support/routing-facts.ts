import type { ConfiguredProvider } from '../../contracts/config/model-config';
import { candidateKey, type RouteRequest } from '../../contracts/models';
import { createPriceBook } from '../../contracts/prices';
import type { Profile } from '../../contracts/profiles';
import type { RouteFacts } from '../../contracts/routing/facts';
import { route } from '../../contracts/routing/route';

/** A provider as a configuration has it; `models` decides the rest unless it is said. */
export function provider(name: string, models: readonly string[], more: Partial<ConfiguredProvider> = {}) {
  return {
    name,
    protocol: 'openai',
    baseUrl: `http://${name}.test/v1`,
    models,
    tags: [],
    prices: {},
    standIn: false,
    structuredOutput: true,
    ...more,
  } satisfies ConfiguredProvider;
}

export const NOW = Date.UTC(2026, 10, 21, 12);

/** Facts with nothing in them but providers, and with the price book of these. */
export function factsOf(
  providers: readonly ConfiguredProvider[],
  config: Partial<RouteFacts['config']> = {},
  more: Partial<RouteFacts> = {},
): RouteFacts {
  return {
    config: { providers, chains: {}, routes: [], experiments: [], policies: [], ...config },
    standings: new Map(),
    profiles: [],
    prices: createPriceBook(providers),
    trials: [],
    now: NOW,
    ...more,
  };
}

export function request(more: Partial<RouteRequest> = {}): RouteRequest {
  return { id: 'run-1/stage#1', inputTokens: 1_000, ...more };
}

/** The keys of the candidates, best first. */
export function order(facts: RouteFacts, more: Partial<RouteRequest> = {}): string[] {
  return route(request(more), facts).candidates.map(candidateKey);
}

export function learned(key: string, more: Partial<Profile>): Profile {
  const slash = key.indexOf('/');
  return {
    task: 'any',
    provider: key.slice(0, slash),
    model: key.slice(slash + 1),
    calls: 20,
    failureRate: 0,
    latencyMs: 1_000,
    ...more,
  };
}
