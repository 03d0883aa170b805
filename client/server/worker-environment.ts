import type { Target } from '../target';

/** What a worker started by the client is told, over what it inherits. */
export function workerEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  options: {
    readonly home: string;
    readonly target: Target;
    readonly agents?: string;
    readonly offlineModelUrl?: string;
  },
): NodeJS.ProcessEnv {
  const { home, target, agents, offlineModelUrl } = options;
  return {
    ...inherited,
    // Local-time getters of the workflow sandbox follow the process: one zone for all workers.
    TZ: 'UTC',
    GANTRY_HOME: home,
    TEMPORAL_ADDRESS: target.address,
    TEMPORAL_NAMESPACE: target.namespace,
    GANTRY_TASK_QUEUE: target.taskQueue,
    ...(agents !== undefined && { GANTRY_AGENTS: agents }),
    ...(offlineModelUrl !== undefined && { GANTRY_OFFLINE_MODEL_URL: offlineModelUrl }),
  };
}
