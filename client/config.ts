import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationInvalid } from '../contracts/config/config-problem';
import { STAND_IN_VARIABLE, type Environment } from '../contracts/config/from-environment';
import type { ModelConfig } from '../contracts/config/model-config';
import { modelsOfTags, ollamaAddress, type AskedOllama } from '../contracts/config/ollama-address';
import { CONFIG_FILE, readConfig, saysWhoAnswers } from '../contracts/config/read-config';
import { UserError } from './faults';

export interface ConfigPlace {
  readonly env: Environment;
  readonly cwd: string;
  readonly home: string;
  /** What `--config` names. */
  readonly named?: string;
}

export interface LoadedConfig {
  readonly config: ModelConfig;
  /** Who was looked for and left out, and why. */
  readonly notes: readonly string[];
  /** The file's absolute path; absent: there is none, and the environment alone decides. */
  readonly file?: string;
}

const MOST_BYTES = 1024 * 1024;

/**
 * The configuration of models as workers that are started here read it. No key is looked at, so that providers without
 * theirs are in it. Fails: ConfigurationInvalid with every mistake; UserError when the file cannot be read.
 */
export async function loadModelConfig(place: ConfigPlace): Promise<LoadedConfig> {
  const { env, cwd } = place;
  const file = findConfigFile(place);
  const text = file === undefined ? undefined : readText(file);
  const options = { env, ...(file !== undefined && { source: shownAs(file, cwd) }) };
  const ollama = saysWhoAnswers(text, options) ? undefined : await askOllama(ollamaAddress(env));
  const read = readConfig(text, { ...options, ...(ollama && { ollama }) });
  if ('problems' in read) throw new ConfigurationInvalid(read.problems);
  return { config: read.config, notes: read.notes, ...(file !== undefined && { file }) };
}

/**
 * The configuration's file for the workers this command starts, once it is known to have no mistake; undefined: there is
 * none. With `offline` they are given a stand-in besides. Fails as {@link loadModelConfig}.
 */
export async function checkedConfigFile(place: ConfigPlace, offline = false): Promise<string | undefined> {
  // Where it will listen is not known yet, and makes no difference to what else is wrong.
  const env = offline ? { ...place.env, [STAND_IN_VARIABLE]: 'http://127.0.0.1/v1' } : place.env;
  return (await loadModelConfig({ ...place, env })).file;
}

/** `--config`, GANTRY_CONFIG, then the file of this folder, then that of gantry's home. Fails: UserError. */
export function findConfigFile({ env, cwd, home, named }: ConfigPlace): string | undefined {
  const said = [
    { by: '--config', file: named },
    { by: 'GANTRY_CONFIG', file: env['GANTRY_CONFIG'] },
  ].find(({ file }) => Boolean(file));
  if (said?.file) {
    const file = path.resolve(cwd, said.file);
    if (existsSync(file)) return file;
    throw new UserError(
      `${said.by} names ${said.file}, which does not exist.`,
      'Write one with `gantry init --config`.',
    );
  }
  const found = [path.join(cwd, CONFIG_FILE), path.join(home, CONFIG_FILE)].find((file) => existsSync(file));
  const other = OTHER_NAMES.find((name) => existsSync(path.join(cwd, name)));
  // It would count for nothing, and its budgets with it.
  if (other !== undefined && found !== path.join(cwd, CONFIG_FILE)) {
    throw new UserError(`${other} is not read under this name.`, `Call it ${CONFIG_FILE}, or name it with --config.`);
  }
  return found;
}

/** What people call it who are used to the other ending. */
const OTHER_NAMES = ['gantry.config.yml', 'gantry.config.json'];

/** Which models an Ollama has that can chat. */
export async function askOllama(baseUrl: string): Promise<AskedOllama> {
  try {
    const response = await fetch(`${baseUrl}/api/tags`, { signal: AbortSignal.timeout(LOOK_MS) });
    const models = response.ok ? modelsOfTags(await response.json()) : undefined;
    return { baseUrl, ...(models && { models }) };
  } catch {
    return { baseUrl }; // nobody there, or not an Ollama
  }
}

const LOOK_MS = 1_500;

function readText(file: string): string {
  try {
    if (statSync(file).size > MOST_BYTES) throw new Error('it is larger than 1 MB');
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`, 'Name a file that can with --config.');
  }
}

/** From the folder it was asked in, when it is below. */
function shownAs(file: string, cwd: string): string {
  const way = path.relative(cwd, file);
  return way.startsWith('..') || path.isAbsolute(way) ? file : way;
}
