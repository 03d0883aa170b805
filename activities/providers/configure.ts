import { ConfigurationInvalid } from '../../contracts/config/config-problem';
import { setIn, type Environment } from '../../contracts/config/from-environment';
import type { ConfiguredProvider, ModelConfig } from '../../contracts/config/model-config';
import { readConfig, saysWhoAnswers } from '../../contracts/config/read-config';
import { VENDOR_PRESETS } from '../../contracts/config/vendors';
import { withKeys } from '../../contracts/config/with-keys';
import { ANTHROPIC_ANSWER } from '../../contracts/tokens';
import { anthropicProtocol } from './anthropic/protocol';
import { createProvider } from './create-provider';
import type { ModelProvider } from './model-provider';
import { askOllama } from './ollama/ask-ollama';
import { ollamaProtocol } from './ollama/protocol';
import { openAiProtocol } from './openai/protocol';
import type { Protocol } from './protocol';

export interface ConfiguredProviders {
  /** Those providers alone that can be asked from here. */
  readonly config: ModelConfig;
  /** How each of them is reached, in order of preference. */
  readonly providers: readonly ModelProvider[];
  /** Who was looked for or configured and is left out, and why. */
  readonly notes: readonly string[];
}

/** A file of the configuration, as it was read. */
export interface ConfigText {
  readonly text: string;
  /** What messages and people call it. */
  readonly source: string;
}

/**
 * The models of this process: as a file says, with the environment above it; without one, as the environment alone
 * does. Keys are read from the environment, and only adapters hold them. Fails: ConfigurationInvalid.
 */
export async function configureProviders(env: Environment, file?: ConfigText): Promise<ConfiguredProviders> {
  const options = { env, ...(file && { source: file.source }) };
  const ollama = saysWhoAnswers(file?.text, options) ? undefined : await askOllama(env);
  const read = readConfig(file?.text, { ...options, ...(ollama && { ollama }) });
  if ('problems' in read) throw new ConfigurationInvalid(read.problems);
  const { config, notes } = withKeys(read.config, env);
  return {
    config,
    providers: config.providers.map((provider) => configuredProvider(provider, env)),
    notes: [...read.notes, ...notes],
  };
}

/** How a provider is reached, with its key from the environment. */
export function configuredProvider(configured: ConfiguredProvider, env: Environment): ModelProvider {
  return createProvider(protocolOf(configured, env), configured);
}

const CONTEXT_TOKENS = VENDOR_PRESETS.ollama.maxContext ?? 32_768;

function protocolOf(configured: ConfiguredProvider, env: Environment): Protocol {
  const { name, baseUrl, protocol, keyVariable, vendor, organization, project, structuredOutput } = configured;
  const apiKey = keyVariable === undefined ? undefined : setIn(env, keyVariable);
  const reached = { name, baseUrl, ...(apiKey !== undefined && { apiKey }) };
  switch (protocol) {
    case 'anthropic':
      return anthropicProtocol({ ...reached, maxTokens: configured.maxOutput ?? ANTHROPIC_ANSWER });
    case 'openai':
      return openAiProtocol({
        ...{ ...reached, structuredOutput },
        ...(vendor !== undefined && { vendor }),
        ...(organization !== undefined && { organization }),
        ...(project !== undefined && { project }),
      });
    case 'ollama':
      return ollamaProtocol({ name, baseUrl, maxContext: configured.maxContext ?? CONTEXT_TOKENS });
  }
}
