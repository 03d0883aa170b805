import path from 'node:path';
import type { Target } from '../target';
import { gatewayEnvironment } from './gateway-environment';
import type { Offline } from './offline';
import { gatewayProgram } from './programs';
import type { LocalOptions } from './serve-locally';
import { supervise, type Supervised } from './supervise';

/** The gateway of `gantry dev`, started again when it dies. */
export function startGateway(
  { home, env, config, say }: Pick<LocalOptions, 'home' | 'env' | 'config' | 'say'>,
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
