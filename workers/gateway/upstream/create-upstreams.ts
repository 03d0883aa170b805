import type { ModelProvider } from '../../../activities/providers/model-provider';
import type { ConfiguredProvider } from '../../../contracts/config/model-config';
import { createOpenAiUpstream } from './open-ai';
import { createTranslatedUpstream } from './translated';
import type { Upstream } from './upstream';

export interface UpstreamParts {
  readonly configured: readonly ConfiguredProvider[];
  /** The same by name, as the rest of gantry asks them. */
  readonly providers: readonly ModelProvider[];
  /** Holds the keys. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How each provider is reached, by its name: those of OpenAI's protocol directly, the others in translation. */
export function createUpstreams({ configured, providers, env }: UpstreamParts): ReadonlyMap<string, Upstream> {
  return new Map(configured.map((one) => [one.name, upstreamOf(one, providers, env)]));
}

function upstreamOf(
  { name, protocol, baseUrl, keyVariable, organization, project }: ConfiguredProvider,
  providers: readonly ModelProvider[],
  env: UpstreamParts['env'],
): Upstream {
  if (protocol === 'openai') {
    const apiKey = keyVariable === undefined ? undefined : env[keyVariable]?.trim();
    return createOpenAiUpstream({
      ...{ provider: name, baseUrl },
      ...(apiKey && { apiKey }),
      ...(organization !== undefined && { organization }),
      ...(project !== undefined && { project }),
    });
  }
  const provider = providers.find((one) => one.name === name);
  if (!provider) throw new Error(`The provider ${name} is configured and cannot be asked.`);
  return createTranslatedUpstream(provider);
}
