import type { WorkerRole } from '../../contracts/task-queues';
import type { PoolSpec } from '../../contracts/schemas/pools';
import type { Target } from '../target';

/** What a worker started by the client is told, over what it inherits. */
export function workerEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  options: {
    readonly home: string;
    readonly target: Target;
    readonly agents?: string;
    /** The absolute path of the configuration of models. */
    readonly config?: string;
    readonly offlineModelUrl?: string;
    /** The name under which the sessions of this process are known. */
    readonly host?: string;
    /** All when absent. */
    readonly roles?: readonly WorkerRole[];
    /** What its agents file says when absent. */
    readonly pools?: readonly PoolSpec[];
  },
): NodeJS.ProcessEnv {
  const { home, target, agents, config, offlineModelUrl, host, roles, pools } = options;
  return {
    ...inherited,
    // Local-time getters of the workflow sandbox follow the process: one zone for all workers.
    TZ: 'UTC',
    GANTRY_HOME: home,
    TEMPORAL_ADDRESS: target.address,
    TEMPORAL_NAMESPACE: target.namespace,
    GANTRY_TASK_QUEUE: target.taskQueue,
    ...(agents !== undefined && { GANTRY_AGENTS: agents }),
    ...(config !== undefined && { GANTRY_CONFIG: config }),
    ...(host !== undefined && { GANTRY_HOST: host }),
    ...(roles !== undefined && { GANTRY_ROLES: roles.join(',') }),
    ...(pools !== undefined && { GANTRY_POOLS: JSON.stringify(pools) }),
    ...(offlineModelUrl !== undefined && { GANTRY_OFFLINE_MODEL_URL: offlineModelUrl }),
  };
}
