import path from 'node:path';
import type { Target } from '../target';
import { gatewayEnvironment } from './gateway-environment';
import type { Offline } from './offline';
import { gatewayProgram } from './programs';
import { supervise, type Supervised } from './supervise';

interface GatewayOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration of models: an absolute path, known to have no mistake. */
  readonly config?: string;
  readonly say: (line: string) => void;
}

/** The gateway of `gantry dev`, started again when it dies. */
export function startGateway(
  { home, env, config, say }: GatewayOptions,
  target: Target,
  logs: string,
  { offline, started }: { readonly offline: Offline | undefined; readonly started: (pid: number) => void },
): Supervised {
  const logFile = path.join(logs, 'gateway.log');
  return supervise({
    program: process.execPath,
    args: [gatewayProgram()],
    env: gatewayEnvironment(env, {
      ...{ home, target },
      ...(config !== undefined && { config }),
      ...(offline && { offlineModelUrl: offline.modelUrl }),
    }),
    logFile,
    onStart: started,
    onDeath: ({ pid, how, againInMs }) =>
      say(`the gateway ${pid} died (${how}); starting it again in ${againInMs / 1000} s. Its log: ${logFile}`),
  });
}
