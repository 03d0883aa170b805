import { ConfigurationInvalid } from '../../contracts/config/config-problem';
import type { ConfiguredProvider } from '../../contracts/config/model-config';
import { withKeys } from '../../contracts/config/with-keys';
import { askOllama, loadModelConfig, type ConfigPlace, type LoadedConfig } from '../config';
import { UserError } from '../faults';
import { fail, ok, warn, type Finding } from './finding';

const CONFIGURATION = 'Configuration';
const NOBODY =
  'Set ANTHROPIC_API_KEY or OPENAI_API_KEY for the workers, start Ollama, write a configuration with ' +
  '`gantry init --config`, or use `gantry dev --offline`.';

/** Who a worker started from here would ask, and what it lacks for that. Keys are looked for, never shown. */
export async function examineModels(place: ConfigPlace): Promise<Finding[]> {
  const loaded = await load(place);
  if (!('config' in loaded)) return [loaded];
  const { config, notes, file } = loaded;
  const { providers } = withKeys(config, place.env).config;
  const names = providers.map(({ name, models }) => `${name} (${models.join(', ')})`);
  return [
    ok(CONFIGURATION, file ?? config.source),
    names.length > 0
      ? ok('Model providers', names.join('; '))
      : warn('Model providers', 'none in this environment', NOBODY),
    ...config.providers.filter((one) => !providers.includes(one)).map(keyMissing),
    ...notes.map((note) => warn('Ollama', note, 'Nothing to do where none is wanted.')),
    ...(await Promise.all(file === undefined ? [] : providers.map(examineOllama))).flat(),
  ];
}

/** The names of those a worker started from here could ask, in order; without a configuration that can be used, none. */
export async function providersOf(place: ConfigPlace): Promise<readonly string[]> {
  const loaded = await load(place);
  return 'config' in loaded ? withKeys(loaded.config, place.env).config.providers.map(({ name }) => name) : [];
}

/** Whose budgets count; undefined where the configuration cannot be used. */
export async function organisationOf(place: ConfigPlace): Promise<string | undefined> {
  const loaded = await load(place);
  return 'config' in loaded ? loaded.config.organisation : undefined;
}

async function load(place: ConfigPlace): Promise<LoadedConfig | Finding> {
  try {
    return await loadModelConfig(place);
  } catch (error) {
    if (error instanceof UserError) return fail(CONFIGURATION, error.message, error.hint ?? 'See the message.');
    if (!(error instanceof ConfigurationInvalid)) throw error;
    return fail(CONFIGURATION, error.message, 'Mend it: no worker starts with it.');
  }
}

function keyMissing({ name, keyVariable }: ConfiguredProvider): Finding {
  const todo = `Set ${keyVariable} for the workers, or say \`enabled: false\`; nobody can see from here whether theirs is.`;
  return warn(`Key of ${name}`, `${keyVariable} is not set in this environment`, todo);
}

/** What the file says an Ollama has need not be there. */
async function examineOllama({ name, protocol, baseUrl, models }: ConfiguredProvider): Promise<Finding[]> {
  if (protocol !== 'ollama') return [];
  const { models: served } = await askOllama(baseUrl);
  if (served === undefined) return [warn(name, `no Ollama answers at ${baseUrl}`, 'Start it with `ollama serve`.')];
  const missing = models.filter((model) => !served.includes(model) && !served.includes(`${model}:latest`));
  return missing.map((model) =>
    warn(name, `the Ollama at ${baseUrl} has no ${model}`, `Get it with \`ollama pull ${model}\`.`),
  );
}
