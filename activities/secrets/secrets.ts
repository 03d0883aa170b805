import { failure } from '../failure';

/** The secrets a worker knows: what stages may ask for by name, and what must never be seen anywhere. */
export interface Secrets {
  get(name: string): string | undefined;
  /** Every value, to keep it out of logs. */
  all(): readonly string[];
}

/** Secrets from a plain record, such as the part of an environment that holds them. */
export function createSecrets(values: Readonly<Record<string, string>>): Secrets {
  const byName = new Map(Object.entries(values));
  return { get: (name) => byName.get(name), all: () => [...byName.values()] };
}

/** The named secrets as environment variables. Fails: Secret.Missing. */
export function secretVariables(secrets: Secrets, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, demand(secrets, name)]));
}

function demand(secrets: Secrets, name: string): string {
  const value = secrets.get(name);
  if (value !== undefined) return value;
  throw failure('Secret.Missing', `The secret "${name}" is not in the worker's environment. Set it there and retry.`);
}
