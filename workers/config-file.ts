import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ConfigText } from '../activities/providers/configure';
import { ConfigurationInvalid } from '../contracts/config/config-problem';
import type { Environment } from '../contracts/config/from-environment';
import { CONFIG_FILE, readConfig } from '../contracts/config/read-config';
import { keyVariables } from '../contracts/config/with-keys';

/** The file of the configuration: the one GANTRY_CONFIG names, else one in this folder, else one in gantry's home. */
export function readConfigFile(env: Environment): ConfigText | undefined {
  const named = env['GANTRY_CONFIG'];
  if (named) return read(named, `GANTRY_CONFIG names ${named}, which cannot be read`);
  const found = [path.resolve(CONFIG_FILE), path.join(homeOf(env), CONFIG_FILE)].find((file) => existsSync(file));
  return found === undefined ? undefined : read(found, `${found} cannot be read`);
}

/** The variables that hold keys, as the configuration names them. Fails: ConfigurationInvalid. */
export function namesOfKeys(env: Environment): readonly string[] {
  const file = readConfigFile(env);
  // Keys of those that nobody asks today are keys all the same.
  const all = { ...env, GANTRY_PROVIDERS: undefined };
  const found = readConfig(file?.text, { env: all, ...(file && { source: file.source }) });
  if ('problems' in found) throw new ConfigurationInvalid(found.problems);
  return keyVariables(found.config);
}

function read(file: string, trouble: string): ConfigText {
  try {
    return { text: readFileSync(file, 'utf8'), source: file };
  } catch (error) {
    throw new Error(`${trouble}: ${(error as Error).message}`, { cause: error });
  }
}

function homeOf(env: Environment): string {
  return env['GANTRY_HOME'] || path.join(env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'), 'gantry');
}
