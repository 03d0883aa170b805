import { NEVER_REPORTED, type Standing } from '../../contracts/breakers';
import type { ConfiguredProvider } from '../../contracts/config/model-config';

/** A provider of models or agents, as the configuration and its breaker know it. */
export interface ProviderRow {
  readonly name: string;
  /** Absent: no provider of models here; an agent's, or one that another configuration knows. */
  readonly configured?: ConfiguredProvider;
  /** Its key is not in the environment of this command; the worker's may have it. */
  readonly keyMissingHere: boolean;
  /** Absent where the server could not be asked. */
  readonly standing?: Standing;
  /** Breakers of single models of it. */
  readonly models: readonly { readonly model: string; readonly standing: Standing }[];
}

/** Pure: every provider that is configured or has a breaker, those that are configured first and in their order. */
export function reportProviders(
  providers: readonly ConfiguredProvider[],
  standings: ReadonlyMap<string, Standing> | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ProviderRow[] {
  const configured = new Set(providers.map(({ name }) => name));
  const others = [...new Set([...(standings?.keys() ?? [])].map(providerOf))].filter((name) => !configured.has(name));
  return [
    ...providers.map((one) => row(one.name, standings, one, env)),
    ...others.sort().map((name) => row(name, standings, undefined, env)),
  ];
}

/** The provider of a breaker's name: what stands before the first slash. */
export function providerOf(breaker: string): string {
  return breaker.split('/')[0]!;
}

function row(
  name: string,
  standings: ReadonlyMap<string, Standing> | undefined,
  configured: ConfiguredProvider | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ProviderRow {
  const { keyVariable } = configured ?? {};
  const standing = standings && (standings.get(name) ?? NEVER_REPORTED);
  const models = [...(standings ?? [])].flatMap(([breaker, found]) =>
    breaker.startsWith(`${name}/`) ? [{ model: breaker.slice(name.length + 1), standing: found }] : [],
  );
  return {
    name,
    ...(configured && { configured }),
    keyMissingHere: keyVariable !== undefined && !env[keyVariable],
    ...(standing && { standing }),
    models,
  };
}
