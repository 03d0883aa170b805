import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { GatewayFile } from '../../contracts/schemas/config/gateway';
import { DEFAULT_TASK_QUEUE } from '../../contracts/task-queues';
import { isLoopback } from './admit-caller';
import type { Keys } from './keys';

/** What the gateway reads of its environment, once, at its start. `docs/operations.md` lists it. */
const environment = z.object({
  GANTRY_HOME: z.string().min(1).optional(),
  XDG_STATE_HOME: z.string().min(1).optional(),
  GANTRY_TASK_QUEUE: z.string().min(1).default(DEFAULT_TASK_QUEUE),
  GANTRY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  GANTRY_GATEWAY_HOST: z.string().min(1).optional(),
  GANTRY_GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  ENABLE_WORKER_POOL: z
    .enum(['true', 'false', '1', '0', ''])
    .default('false')
    .transform((text) => text === 'true' || text === '1'),
});

export interface GatewaySettings {
  /** Where runs, tasks, files and audits are kept on this host. */
  readonly home: string;
  readonly taskQueue: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** Above what the configuration says. */
  readonly host?: string;
  readonly port?: number;
  /** Tasks, files and batches are served too. */
  readonly workerPool: boolean;
}

/** Read the environment. Throws with every mistake named. */
export function readGatewaySettings(env: NodeJS.ProcessEnv): GatewaySettings {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new Error(`The gateway's environment is wrong:\n${z.prettifyError(parsed.error)}`);
  const read = parsed.data;
  return {
    home: read.GANTRY_HOME ?? join(read.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'gantry'),
    taskQueue: read.GANTRY_TASK_QUEUE,
    logLevel: read.GANTRY_LOG_LEVEL,
    workerPool: read.ENABLE_WORKER_POOL,
    ...(read.GANTRY_GATEWAY_HOST !== undefined && { host: read.GANTRY_GATEWAY_HOST }),
    ...(read.GANTRY_GATEWAY_PORT !== undefined && { port: read.GANTRY_GATEWAY_PORT }),
  };
}

/** Where to listen. Throws where others could reach a gateway that asks nobody for a key. */
export function whereToListen(
  settings: Pick<GatewaySettings, 'host' | 'port'>,
  gateway: Pick<GatewayFile, 'host' | 'port'>,
  keys: Pick<Keys, 'required'>,
): { readonly host: string; readonly port: number } {
  const { host = gateway.host, port = gateway.port } = settings;
  if (keys.required || isLoopback(host)) return { host, port };
  throw new Error(
    `Without keys the gateway listens on this machine alone, and ${host} is for others too. ` +
      'Configure gateway.keys, or let it listen on 127.0.0.1.',
  );
}
