import type { ModelConfig } from '../../../contracts/config/model-config';
import type { Environment } from '../../../contracts/config/from-environment';
import { withKeys } from '../../../contracts/config/with-keys';

/** Who answers, and by what that was decided, for whoever has just started workers; undefined: a stand-in alone. */
export function modelsLine(config: ModelConfig, env: Environment, offline: boolean): string | undefined {
  const names = withKeys(config, env).config.providers.map(({ name }) => name);
  const without = config.providers.filter(({ name }) => !names.includes(name));
  const keys = without.map(({ name, keyVariable }) => `${name} has no key (${keyVariable ?? 'none'})`);
  if (names.length === 0 && keys.length === 0) {
    return offline ? undefined : 'none: set a key, or write a configuration with `gantry init --config`';
  }
  return `${[names.join(', ') || 'none', ...keys].join('; ')} (${config.source})`;
}
