import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { DEFAULT_TASK_QUEUE } from '../contracts/task-queues';
import { UserError } from './faults';
import { readServerAddress } from './home';

/** Which Temporal to speak to, and where that is written down: an unreachable one is then easy to mend. */
export interface Target {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Where the Web UI is, when that is known. */
  readonly ui?: string;
  readonly source: string;
  readonly connection: Omit<ClientConnectConfig['connectionOptions'], 'address'>;
}

export interface TargetOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly address?: string;
  readonly namespace?: string;
}

const DEFAULT_ADDRESS = '127.0.0.1:7233';

/** Flags first, then `TEMPORAL_*` and `temporal.toml`, then the running `gantry dev`, then Temporal's own default. */
export function resolveTarget(options: TargetOptions): Target {
  const { connectionOptions, namespace } = loadConfig(options.env);
  const { address: configured, ...connection } = connectionOptions;
  const dev = readServerAddress(options.home);
  const [address, source] = options.address
    ? [options.address, '--address']
    : configured
      ? [configured, options.env['TEMPORAL_ADDRESS'] ? 'TEMPORAL_ADDRESS' : 'temporal.toml']
      : dev
        ? [dev.address, 'gantry dev']
        : [DEFAULT_ADDRESS, `the default, since no \`gantry dev\` runs under ${options.home}`];
  const atDev = dev !== undefined && address === dev.address;
  const ui = options.env['GANTRY_UI'] ?? (atDev ? dev.ui : undefined);
  return {
    address,
    source,
    connection,
    namespace: options.namespace ?? namespace ?? (atDev ? dev.namespace : 'default'),
    taskQueue: options.env['GANTRY_TASK_QUEUE'] || DEFAULT_TASK_QUEUE,
    ...(ui !== undefined && { ui }),
  };
}

function loadConfig(env: TargetOptions['env']): ClientConnectConfig {
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch (error) {
    throw new UserError(
      `The Temporal client configuration cannot be read: ${(error as Error).message}`,
      'Mend temporal.toml (TEMPORAL_CONFIG_FILE names another one), or the TEMPORAL_* variables.',
    );
  }
}
