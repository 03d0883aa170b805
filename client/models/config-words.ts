import type { ModelConfig } from '../../contracts/config/model-config';

// What may be written where a command takes a name of the configuration: for whoever presses Tab.

/** Providers, and each of their models with its provider before it. */
export function providerWords({ providers }: Pick<ModelConfig, 'providers'>): string[] {
  return [
    ...providers.map(({ name }) => name),
    ...providers.flatMap(({ name, models }) => models.map((model) => `${name}/${model}`)),
  ];
}

/** Whoever a question may name. */
export function modelWords(config: Pick<ModelConfig, 'providers' | 'chains'>): string[] {
  return [...Object.keys(config.chains), ...providerWords(config), ...config.providers.flatMap(({ models }) => models)];
}

export function teamWords({ budgets }: Pick<ModelConfig, 'budgets'>): string[] {
  return Object.keys(budgets?.teams ?? {});
}

/** `org`, teams, and jobs with their team before them. */
export function accountWords({ budgets }: Pick<ModelConfig, 'budgets'>): string[] {
  const teams = Object.entries(budgets?.teams ?? {});
  return ['org', ...teams.flatMap(([team, { jobs }]) => [team, ...Object.keys(jobs).map((job) => `${team}/${job}`)])];
}

/** Kinds of task that a rule, an experiment or a policy is about. */
export function taskWords({
  routes,
  experiments,
  policies,
}: Pick<ModelConfig, 'routes' | 'experiments' | 'policies'>): string[] {
  return [...routes, ...experiments, ...policies].flatMap(({ task = [] }) => task);
}
