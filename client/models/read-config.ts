import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { renderConfigProblem } from '../../contracts/config/config-problem';
import type { Environment } from '../../contracts/config/from-environment';
import type { ModelConfig } from '../../contracts/config/model-config';
import { modelsOfTags, ollamaAddress, type AskedOllama } from '../../contracts/config/ollama-address';
import { CONFIG_FILE, readConfig, saysWhoAnswers } from '../../contracts/config/read-config';
import { UserError } from '../faults';

const LOOK_MS = 1_500;

export interface ConfigPlace {
  readonly env: Environment;
  readonly cwd: string;
  readonly home: string;
}

/**
 * The configuration of models as a worker that is started here reads it: the file that GANTRY_CONFIG names, else the one
 * in this folder, else the one in gantry's home, with the environment above it. No key is looked at. Fails: UserError.
 */
export async function readModelConfig({ env, cwd, home }: ConfigPlace): Promise<ModelConfig> {
  const named = env['GANTRY_CONFIG'];
  const places = named ? [path.resolve(cwd, named)] : [path.join(cwd, CONFIG_FILE), path.join(home, CONFIG_FILE)];
  const source = named ? places[0] : places.find((file) => existsSync(file));
  const text = source === undefined ? undefined : readFile(source);
  const options = { env, ...(source !== undefined && { source: path.relative(cwd, source) || source }) };
  const ollama = saysWhoAnswers(text, options) ? undefined : await askOllama(env);
  const read = readConfig(text, { ...options, ...(ollama && { ollama }) });
  if ('config' in read) return read.config;
  throw new UserError(read.problems.map(renderConfigProblem).join('\n'), 'Mend what is said above. Nothing was asked.');
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`, 'Set GANTRY_CONFIG to a file that can.');
  }
}

/** Which models an Ollama has: at OLLAMA_HOST, else on this host. */
async function askOllama(env: Environment): Promise<AskedOllama> {
  const baseUrl = ollamaAddress(env);
  try {
    const response = await fetch(`${baseUrl}/api/tags`, { signal: AbortSignal.timeout(LOOK_MS) });
    const models = response.ok ? modelsOfTags(await response.json()) : undefined;
    return { baseUrl, ...(models && { models }) };
  } catch {
    return { baseUrl }; // nobody there, or not an Ollama
  }
}
