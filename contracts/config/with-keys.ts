import { setIn, type Environment } from './from-environment';
import type { ModelConfig } from './model-config';

/** A configuration with those providers alone that can be asked from here, and who was left out, in words. */
export function withKeys(
  config: ModelConfig,
  env: Environment,
): { readonly config: ModelConfig; readonly notes: readonly string[] } {
  const hasKey = (variable: string | undefined) => variable === undefined || setIn(env, variable) !== undefined;
  const without = config.providers.filter(({ keyVariable }) => !hasKey(keyVariable));
  return {
    config: {
      ...config,
      providers: config.providers.filter(({ keyVariable }) => hasKey(keyVariable)),
      leftOut: [...(config.leftOut ?? []), ...without.map(({ name }) => name)],
    },
    notes: without.map(({ name, keyVariable }) => `${name} is left out: its key, ${keyVariable}, is not set.`),
  };
}

/** The variables that hold keys, of providers and of the gateway: what is in them must be seen nowhere. */
export function keyVariables({ providers, gateway }: Pick<ModelConfig, 'providers' | 'gateway'>): readonly string[] {
  const held = [
    ...providers.map(({ keyVariable }) => keyVariable),
    ...Object.values(gateway.keys).map(({ key }) => key),
  ];
  return [...new Set(held.filter((variable) => variable !== undefined))];
}
