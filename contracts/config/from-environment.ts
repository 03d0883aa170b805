import type { Problem } from '../pipeline/problem';
import { problemAt } from '../pipeline/problem';
import type { Origin } from './config-problem';
import type { AskedOllama } from './ollama-address';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Providers as a file would declare them, and what a file cannot say of them. */
export interface Declared {
  /** In order of preference. */
  readonly providers: Readonly<Record<string, unknown>>;
  /** Those that are of no vendor, though they may have the name of one: only what was said of them is known. */
  readonly ofNoVendor: readonly string[];
  readonly origins: readonly Origin[];
  readonly problems: readonly (Problem & { readonly variable: string })[];
  /** For people: who was looked for and left out, and why. */
  readonly notes: readonly string[];
}

/**
 * The providers an environment asks for where no file does: Anthropic, OpenAI, compatible servers as they are listed,
 * an Ollama that was found.
 */
export function declaredBy(env: Environment, ollama: AskedOllama | undefined): Declared {
  const servers = compatibleServers(env);
  const found = foundOllama(env, ollama);
  const given = (name: string, variable: string) => (setIn(env, variable) === undefined ? {} : { [name]: {} });
  return {
    providers: {
      ...given('anthropic', 'ANTHROPIC_API_KEY'),
      ...given('openai', 'OPENAI_API_KEY'),
      ...servers.providers,
      ...found.providers,
    },
    ofNoVendor: Object.keys(servers.providers),
    origins: Object.keys(servers.providers).map((name) => ({ path: ['providers', name], variable: COMPATIBLE })),
    problems: servers.problems,
    notes: found.notes,
  };
}

const COMPATIBLE = 'GANTRY_OPENAI_COMPATIBLE';

/** `name=url,model[,model…]`, several with `;` between them; the key, if there is one, is NAME_API_KEY. */
function compatibleServers(env: Environment): Pick<Declared, 'problems'> & { providers: Record<string, unknown> } {
  const providers: Record<string, unknown> = {};
  const problems: (Problem & { variable: string })[] = [];
  const entries = (setIn(env, COMPATIBLE) ?? '').split(';').map((entry) => entry.trim());
  for (const entry of entries.filter((one) => one !== '')) {
    const server = compatibleServer(entry, env);
    const message = server === undefined ? `"${entry}" is not name=url,model` : twice(server.name, providers, env);
    if (message !== undefined) problems.push({ ...problemAt(['providers'], message), variable: COMPATIBLE });
    else if (server !== undefined) providers[server.name] = server.provider;
  }
  return { providers, problems };
}

function twice(name: string, earlier: Readonly<Record<string, unknown>>, env: Environment): string | undefined {
  const own = name === 'anthropic' || name === 'openai' ? setIn(env, `${name.toUpperCase()}_API_KEY`) : undefined;
  if (!Object.hasOwn(earlier, name) && own === undefined) return undefined;
  return `the provider "${name}" is there already: give this one another name`;
}

function compatibleServer(
  entry: string,
  env: Environment,
): { readonly name: string; readonly provider: object } | undefined {
  const match = /^([^=\s]+)=([^,\s]+)(?:,(.+))?$/.exec(entry);
  if (!match) return undefined;
  const [, name = '', baseUrl, listed = ''] = match;
  const prefix = name.toUpperCase().replaceAll('-', '_');
  const wanted = setIn(env, `GANTRY_${prefix}_MODEL`);
  const models = [...(wanted ? [wanted] : []), ...listed.split(',').map((text) => text.trim())].filter(Boolean);
  const key = `${prefix}_API_KEY`;
  const provider = {
    'base-url': baseUrl,
    ...(models.length > 0 && { models: [...new Set(models)] }),
    ...(setIn(env, key) !== undefined && { key }),
  };
  return { name, provider };
}

/** One that was named but does not answer is used when its model is named too: it may be up by the time it is needed. */
function foundOllama(env: Environment, asked: AskedOllama | undefined): Pick<Declared, 'providers' | 'notes'> {
  if (asked === undefined) return { providers: {}, notes: [] };
  const { baseUrl, models: served } = asked;
  const isNamed = setIn(env, 'OLLAMA_HOST') !== undefined;
  const wanted = setIn(env, 'GANTRY_OLLAMA_MODEL');
  if (served === undefined && !(isNamed && wanted)) {
    const note = `No Ollama answers at ${baseUrl} (OLLAMA_HOST): start it with \`ollama serve\`.`;
    return { providers: {}, notes: isNamed ? [note] : [] };
  }
  const models = [...new Set([...(wanted ? [wanted] : []), ...(served ?? [])])];
  if (models.length > 0) return { providers: { ollama: { 'base-url': baseUrl, models } }, notes: [] };
  return { providers: {}, notes: [`The Ollama at ${baseUrl} has no model: get one with \`ollama pull\`.`] };
}

/** The scripted model of the demo: it costs nothing and answers only where there is nobody else. */
export const STAND_IN = 'offline';
export const STAND_IN_VARIABLE = 'GANTRY_OFFLINE_MODEL_URL';

/** The stand-in as a file would declare it; undefined: there is none. */
export function standInOf(env: Environment): object | undefined {
  const baseUrl = setIn(env, STAND_IN_VARIABLE);
  if (baseUrl === undefined) return undefined;
  return { protocol: 'openai', 'base-url': baseUrl, models: ['offline-scripted'], 'structured-output': true };
}

/** Set and not blank. */
export function setIn(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}
