import { providerSettings, type ProviderSettings } from '../../contracts/schemas/providers';
import { createAnthropicProvider } from './anthropic/provider';
import { findOllama } from './ollama/find-ollama';
import type { ModelProvider } from './model-provider';
import { createOllamaProvider } from './ollama/provider';
import { createOpenAiProvider } from './openai/provider';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfiguredProviders {
  /** In order of preference. */
  readonly providers: readonly ModelProvider[];
  /** For `gantry doctor`: what was left out, and why. */
  readonly notes: readonly string[];
}

/** A variable of the environment that cannot be used, in words for the person who set it. Holds no value of a key. */
export class ProviderSettingsInvalid extends Error {
  override readonly name = 'ProviderSettingsInvalid';
}

/**
 * The providers an environment asks for, in this order: Anthropic, OpenAI, compatible servers as they are listed, a
 * reachable Ollama, the offline stand-in. GANTRY_PROVIDERS (`ollama,openai`) chooses and orders by name.
 * Fails: {@link ProviderSettingsInvalid}.
 */
export async function configureProviders(env: Environment): Promise<ConfiguredProviders> {
  const found = await findOllama(env);
  const settings = [...settingsFrom(env), ...(found.settings ? [parse('OLLAMA_HOST', found.settings)] : [])];
  const stood = [...settings.filter((one) => !isStandIn(one)), ...settings.filter(isStandIn)];
  return { providers: pick(stood, env['GANTRY_PROVIDERS']).map(createProvider), notes: found.notes };
}

/** The settings that the environment alone decides: pure, and without Ollama, which has to be asked. */
export function settingsFrom(env: Environment): ProviderSettings[] {
  return [...anthropic(env), ...openAi(env), ...compatible(env), ...offline(env)];
}

function createProvider(settings: ProviderSettings): ModelProvider {
  switch (settings.protocol) {
    case 'anthropic':
      return createAnthropicProvider(settings);
    case 'openai':
      return createOpenAiProvider(settings);
    case 'ollama':
      return createOllamaProvider(settings);
  }
}

function anthropic(env: Environment): ProviderSettings[] {
  const apiKey = value(env, 'ANTHROPIC_API_KEY');
  if (!apiKey) return [];
  const baseUrl = value(env, 'ANTHROPIC_BASE_URL');
  const models = [value(env, 'GANTRY_ANTHROPIC_MODEL') ?? 'claude-sonnet-5'];
  return [parse('ANTHROPIC_*', { protocol: 'anthropic', name: 'anthropic', apiKey, baseUrl, models })];
}

function openAi(env: Environment): ProviderSettings[] {
  const apiKey = value(env, 'OPENAI_API_KEY');
  if (!apiKey) return [];
  return [
    parse('OPENAI_*', {
      protocol: 'openai',
      name: 'openai',
      apiKey,
      organization: value(env, 'OPENAI_ORG_ID'),
      project: value(env, 'OPENAI_PROJECT_ID'),
      baseUrl: value(env, 'OPENAI_BASE_URL'),
      models: [value(env, 'GANTRY_OPENAI_MODEL') ?? 'gpt-6-sol'],
      structuredOutput: true,
    }),
  ];
}

/** `name=url,model[,model…]`, several with `;` between them; the key, if there is one, is NAME_API_KEY. */
function compatible(env: Environment): ProviderSettings[] {
  const entries = (value(env, 'GANTRY_OPENAI_COMPATIBLE') ?? '').split(';').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '').map((entry) => compatibleServer(entry, env));
}

function compatibleServer(entry: string, env: Environment): ProviderSettings {
  const match = /^([^=\s]+)=([^,\s]+)(?:,(.+))?$/.exec(entry);
  if (!match) {
    throw new ProviderSettingsInvalid(
      `GANTRY_OPENAI_COMPATIBLE: "${entry}" is not name=url,model. Nothing was started.`,
    );
  }
  const [, name = '', baseUrl, listed = ''] = match;
  const prefix = name.toUpperCase().replaceAll('-', '_');
  const model = value(env, `GANTRY_${prefix}_MODEL`);
  const models = [...(model ? [model] : []), ...listed.split(',').map((text) => text.trim())].filter(
    (text) => text !== '',
  );
  const apiKey = value(env, `${prefix}_API_KEY`);
  return parse(`GANTRY_OPENAI_COMPATIBLE (${name})`, { protocol: 'openai', name, apiKey, baseUrl, models });
}

function offline(env: Environment): ProviderSettings[] {
  const baseUrl = value(env, 'GANTRY_OFFLINE_MODEL_URL');
  if (!baseUrl) return [];
  return [
    parse('GANTRY_OFFLINE_MODEL_URL', {
      protocol: 'openai',
      name: 'offline',
      baseUrl,
      models: ['offline-scripted'],
      structuredOutput: true,
      standIn: true,
    }),
  ];
}

function parse(variable: string, raw: Record<string, unknown>): ProviderSettings {
  const given = Object.fromEntries(Object.entries(raw).filter(([, entry]) => entry !== undefined));
  const parsed = providerSettings.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new ProviderSettingsInvalid(`${variable}: ${problems.join('; ')}.`);
}

function pick(settings: readonly ProviderSettings[], order: string | undefined): ProviderSettings[] {
  const names = (order ?? '').split(',').map((text) => text.trim());
  const wanted = names.filter((text) => text !== '');
  if (wanted.length === 0) return [...settings];
  return wanted.map((wantedName) => {
    const found = settings.find(({ name }) => name === wantedName);
    if (found) return found;
    const known = settings.map(({ name }) => name).join(', ') || 'none';
    throw new ProviderSettingsInvalid(`GANTRY_PROVIDERS: "${wantedName}" is not configured. Configured: ${known}.`);
  });
}

function isStandIn(settings: ProviderSettings): boolean {
  return settings.protocol === 'openai' && settings.standIn;
}

/** Set and not blank. */
function value(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text ? text : undefined;
}
