import type { Target } from '../target';
import { workerEnvironment } from './worker-environment';

/** What a gateway started by the client is told, over what it inherits. */
export function gatewayEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  options: {
    readonly home: string;
    readonly target: Target;
    /** The absolute path of the configuration of models. */
    readonly config?: string;
    readonly port?: number;
    readonly host?: string;
    readonly offlineModelUrl?: string;
  },
): NodeJS.ProcessEnv {
  const { port, host, ...common } = options;
  return {
    ...workerEnvironment(inherited, common),
    ...(port !== undefined && { GANTRY_GATEWAY_PORT: String(port) }),
    ...(host !== undefined && { GANTRY_GATEWAY_HOST: host }),
  };
}
