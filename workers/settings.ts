import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { DEFAULT_TASK_QUEUE, WORKER_ROLES, type WorkerRole } from '../contracts/task-queues';
import { NAME_PATTERN } from '../contracts/ids';
import { agentsConfig, type AgentsConfig } from '../contracts/schemas/agents';
import { poolSpecs, type PoolSpec } from '../contracts/schemas/pools';

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    context.addIssue({ code: 'custom', message: `is not JSON: ${(error as Error).message}` });
    return z.NEVER;
  }
});

/** What a worker reads of its environment, once, at its start. `docs/operations.md` lists it. */
const environment = z.object({
  GANTRY_HOME: z.string().min(1).optional(),
  XDG_STATE_HOME: z.string().min(1).optional(),
  GANTRY_TASK_QUEUE: z.string().min(1).default(DEFAULT_TASK_QUEUE),
  GANTRY_AGENTS: z.string().min(1).optional(),
  GANTRY_HOST: z.string().regex(NAME_PATTERN).default('local'),
  GANTRY_ROLES: z
    .string()
    .default(WORKER_ROLES.join(','))
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(WORKER_ROLES)).min(1)),
  GANTRY_MODEL_SLOTS: z.coerce.number().int().min(1).max(1_000).default(10),
  GANTRY_POOLS: json.pipe(poolSpecs).optional(),
  GANTRY_TMUX_SOCKET: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .default('gantry'),
  GANTRY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  GANTRY_WORKFLOW_BUNDLE: z.string().min(1).optional(),
});

export interface WorkerSettings {
  /** The name under which this machine's sessions are known. */
  readonly host: string;
  readonly roles: readonly WorkerRole[];
  /** Calls of models for tasks and batches at a time. */
  readonly modelSlots: number;
  /** The pools whose prompts this host takes. */
  readonly pools: readonly PoolSpec[];
  /** Where runs, artifacts, dispatches and services are kept on this host. */
  readonly home: string;
  readonly taskQueue: string;
  readonly agents: AgentsConfig;
  readonly tmuxSocket: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** Made by the build, so that a worker starts in a second and not in ten. */
  readonly workflowBundle: string;
}

/** Read the environment. Throws with every mistake named. */
export function readSettings(env: NodeJS.ProcessEnv, readAgents: (path: string) => unknown): WorkerSettings {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new Error(`The worker's environment is wrong:\n${z.prettifyError(parsed.error)}`);
  const read = parsed.data;
  const agents = agentsOf(read.GANTRY_AGENTS, readAgents);
  return {
    host: read.GANTRY_HOST,
    roles: read.GANTRY_ROLES,
    modelSlots: read.GANTRY_MODEL_SLOTS,
    pools: poolsOf(read.GANTRY_POOLS, agents),
    home: read.GANTRY_HOME ?? join(read.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'gantry'),
    taskQueue: read.GANTRY_TASK_QUEUE,
    agents,
    tmuxSocket: read.GANTRY_TMUX_SOCKET,
    logLevel: read.GANTRY_LOG_LEVEL,
    workflowBundle: read.GANTRY_WORKFLOW_BUNDLE ?? join(__dirname, '..', 'workflow-bundle.js'),
  };
}

function agentsOf(path: string | undefined, readAgents: (path: string) => unknown): AgentsConfig {
  const source = path === undefined ? DEFAULT_AGENTS : readAgents(path);
  const parsed = agentsConfig.safeParse(source);
  if (parsed.success) return parsed.data;
  throw new Error(`The agents in ${path ?? 'the defaults'} are wrong:\n${z.prettifyError(parsed.error)}`);
}

/** Without pools of its own a host serves one for each of its agents. */
function poolsOf(pools: readonly PoolSpec[] | undefined, agents: AgentsConfig): readonly PoolSpec[] {
  const all = pools ?? Object.entries(agents).map(([agent, { sessions }]) => ({ pool: agent, agent, ...sessions }));
  const unknown = all.find(({ agent }) => !Object.hasOwn(agents, agent));
  if (unknown === undefined) return all;
  const known = Object.keys(agents).join(', ');
  throw new Error(
    `The pool ${unknown.pool} wants the agent "${unknown.agent}", which is not configured (${known} are).`,
  );
}

/** Without a file that says otherwise, the two agents people have, as they come. */
const DEFAULT_AGENTS = { claude: { kind: 'claude' }, codex: { kind: 'codex' } };
