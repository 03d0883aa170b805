import type { Environment } from '../../../contracts/config/from-environment';
import { modelsOfTags, ollamaAddress, type AskedOllama } from '../../../contracts/config/ollama-address';

const LOOK_MS = 1_500;

/** Ask an Ollama which models it has: at OLLAMA_HOST, else on this host. */
export async function askOllama(env: Environment): Promise<AskedOllama> {
  const baseUrl = ollamaAddress(env);
  try {
    const response = await fetch(`${baseUrl}/api/tags`, { signal: AbortSignal.timeout(LOOK_MS) });
    const models = response.ok ? modelsOfTags(await response.json()) : undefined;
    return { baseUrl, ...(models && { models }) };
  } catch {
    return { baseUrl }; // nobody there, or not an Ollama
  }
}
