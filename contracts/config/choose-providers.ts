import { nearestWord } from '../nearest-word';
import { problemAt } from '../pipeline/problem';
import type { ConfigProblem } from './config-problem';
import { setIn, type Environment } from './from-environment';
import type { ConfiguredProvider } from './model-config';

export interface Choice {
  readonly providers: readonly ConfiguredProvider[];
  readonly problems: readonly ConfigProblem[];
}

const VARIABLE = 'GANTRY_PROVIDERS';

/** The providers that GANTRY_PROVIDERS names, in its order; all where it is not set. */
export function chosenBy(env: Environment, providers: readonly ConfiguredProvider[]): Choice {
  const names = (setIn(env, VARIABLE) ?? '').split(',').map((text) => text.trim());
  const wanted = [...new Set(names)].filter((text) => text !== '');
  if (wanted.length === 0) return { providers, problems: [] };
  const known = providers.map(({ name }) => name);
  const problems = wanted
    .filter((name) => !known.includes(name))
    .map((name): ConfigProblem => {
      const near = nearestWord(name, known);
      const hint = near === undefined ? `Configured: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
      return { ...problemAt(['providers'], `"${name}" is not configured`, { hint }), variable: VARIABLE };
    });
  return { providers: wanted.flatMap((name) => providers.find((one) => one.name === name) ?? []), problems };
}
