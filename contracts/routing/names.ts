import type { ConfiguredProvider, ModelConfig } from '../config/model-config';
import { candidateKey, type Candidate } from '../models';

export type NamedParts = Pick<ModelConfig, 'providers' | 'chains'>;

/** Who is meant by some names, each once, and the names that mean nobody who is enabled. */
export interface Named {
  readonly candidates: readonly Candidate[];
  readonly nobody: readonly string[];
}

/**
 * Who a list of names means, in its order. A name is a chain, `provider/model`, a provider (its first model), or a model
 * (every provider that lists it). Chains may name chains; where one names itself, directly or through others, that name
 * is no chain.
 */
export function namedBy(parts: NamedParts, names: readonly string[], within: readonly string[] = []): Named {
  const each = names.map((name) => oneName(parts, name, within));
  return {
    candidates: distinct(each.flatMap(({ candidates }) => candidates)),
    nobody: [...new Set(each.flatMap(({ nobody }) => nobody))],
  };
}

export function chainOf({ chains }: Pick<ModelConfig, 'chains'>, name: string): readonly string[] | undefined {
  return Object.hasOwn(chains, name) ? chains[name] : undefined;
}

/** `provider/model` or a provider: whoever names one wants no other. */
export function providerNamed(providers: readonly ConfiguredProvider[], name: string): Candidate | undefined {
  const provider = providers.find((one) => one.name === name);
  if (provider) return defaultOf(provider);
  // Names of models may hold slashes themselves (`meta-llama/llama-4`): only a configured provider's name is one.
  const slash = name.indexOf('/');
  const model = name.slice(slash + 1);
  if (slash <= 0 || model === '' || !providers.some((one) => one.name === name.slice(0, slash))) return undefined;
  return { provider: name.slice(0, slash), model };
}

/** Those that list a model; stand-ins only where nobody else does. */
export function listing(providers: readonly ConfiguredProvider[], model: string): readonly Candidate[] {
  const serving = providers.filter(({ models }) => models.includes(model));
  return realOf(serving).map(({ name }) => ({ provider: name, model }));
}

/** All but the stand-ins; the stand-ins where they are all there is. */
export function realOf(providers: readonly ConfiguredProvider[]): readonly ConfiguredProvider[] {
  const real = providers.filter(({ standIn }) => !standIn);
  return real.length > 0 ? real : providers;
}

/** A configuration without a model for a provider does not pass its schema. */
export function defaultOf({ name, models }: ConfiguredProvider): Candidate {
  return { provider: name, model: models[0] ?? 'default' };
}

export function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  return [...new Map(candidates.map((one) => [candidateKey(one), one])).values()];
}

function oneName(parts: NamedParts, name: string, within: readonly string[]): Named {
  const chain = within.includes(name) ? undefined : chainOf(parts, name);
  if (chain) return namedBy(parts, chain, [...within, name]);
  const named = providerNamed(parts.providers, name);
  const candidates = named ? [named] : listing(parts.providers, name);
  return { candidates, nobody: candidates.length > 0 ? [] : [name] };
}
