import type { ModelProvider } from './model-provider';

/** Who is asked. Routes lead to configured providers alone, so whoever is not there is a defect of ours. */
export function findProvider(providers: readonly ModelProvider[], name: string): ModelProvider {
  const provider = providers.find((one) => one.name === name);
  if (provider === undefined) throw new Error(`a route leads to ${name}, which is not set up here`);
  return provider;
}
