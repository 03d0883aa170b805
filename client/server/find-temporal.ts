import { execFile } from 'node:child_process';
import path from 'node:path';
import { UserError } from '../faults';
import { gantryCache } from '../home';
import { isProgram, programOnPath } from '../program-on-path';
import { downloadWithSdk } from './download-with-sdk';
import { installWithGo } from './install-with-go';
import { SERVER_SETTINGS } from './settings';

export interface TemporalCli {
  readonly path: string;
  readonly source: 'GANTRY_TEMPORAL_CLI' | 'PATH' | 'cache' | 'download' | 'go install';
  /** As the program says it: `1.29.1`. */
  readonly serverVersion: string;
}

export interface FindOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called with a line that tells how far it is; getting one takes minutes. */
  readonly progress: (line: string) => void;
  /** False: look only, do not download or build. */
  readonly install: boolean;
}

/**
 * A `temporal` program that can serve: the configured one, the one on PATH, the cached one, the SDK's download, one
 * built by Go. Fails: UserError, with how to get one.
 */
export async function findTemporalCli(options: FindOptions): Promise<TemporalCli> {
  const { env, progress } = options;
  const configured = env['GANTRY_TEMPORAL_CLI'];
  if (configured) return configuredCli(configured, env);

  const onPath = programOnPath('temporal', env);
  const fromPath = onPath && (await examine(onPath, 'PATH', env));
  if (fromPath) return fromPath;

  const cached = cachedCliPath(env);
  const fromCache = isProgram(cached) && (await examine(cached, 'cache', env));
  if (fromCache) return fromCache;
  if (!options.install) throw notFound('It was not looked for further.');

  progress('Temporal CLI: not on this machine yet, asking the SDK to download it');
  const problems: string[] = [];
  const attempts = [
    { source: 'download', get: () => downloadWithSdk({ into: cached, env }) },
    {
      source: 'go install',
      get: () => installWithGo({ into: cached, version: SERVER_SETTINGS.cliVersion, env, progress }),
    },
  ] as const;
  for (const { source, get } of attempts) {
    const problem = await get();
    const found = problem === undefined ? await examine(cached, source, env) : undefined;
    if (found) return found;
    problems.push(`${source}: ${problem ?? 'what came does not run'}`);
    progress(`Temporal CLI: ${problems.at(-1)}`);
  }
  throw notFound(problems.join('; '));
}

/** Where gantry keeps the program it got itself. */
export function cachedCliPath(env: FindOptions['env']): string {
  return path.join(gantryCache(env), `temporal-${SERVER_SETTINGS.cliVersion}`, 'temporal');
}

async function configuredCli(configured: string, env: FindOptions['env']): Promise<TemporalCli> {
  const found = await examine(configured, 'GANTRY_TEMPORAL_CLI', env);
  if (found) return found;
  // No way around a wish: a silent other choice would test or serve something nobody asked for.
  throw new UserError(
    `GANTRY_TEMPORAL_CLI names ${configured}, which is no Temporal CLI that runs.`,
    'Mend or unset it.',
  );
}

/** Ask the program who it is; undefined when it is not one that can serve. */
function examine(
  file: string,
  source: TemporalCli['source'],
  env: FindOptions['env'],
): Promise<TemporalCli | undefined> {
  return new Promise((resolve) => {
    execFile(file, ['--version'], { env: { ...env }, timeout: 20_000 }, (error, stdout) => {
      const version = /\(Server (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
      resolve(error || version === undefined ? undefined : { path: file, source, serverVersion: version });
    });
  });
}

function notFound(details: string): UserError {
  return new UserError(
    `No Temporal CLI could be found or got. ${details}`,
    'Install one (https://docs.temporal.io/cli) on your PATH, name one in GANTRY_TEMPORAL_CLI, install Go so that ' +
      'gantry can build one, or use a server of your own with TEMPORAL_ADDRESS.',
  );
}
