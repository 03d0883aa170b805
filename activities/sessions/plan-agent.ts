import { createHash } from 'node:crypto';
import type { AgentConfig, AgentsConfig } from '../../contracts/schemas/agents';
import { failure } from '../failure';
import type { Secrets } from '../secrets/secrets';
import { agentEnvironment } from './agent-environment';
import { agentDir, answersDir, journalPath, type AgentName, type AgentRecord } from './agent-record';
import { makeAgent } from './agents/make-agent';
import type { AgentStart } from './session-backend';

export interface PlanPorts {
  readonly home: string;
  readonly agents: AgentsConfig;
  readonly secrets: Secrets;
  /** The worker's environment; agents see what they are allowed to of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What an agent is wanted for. */
export interface AgentWish {
  readonly id: string;
  /** The name it is configured under. */
  readonly agent: string;
  readonly terminal: string;
  readonly cwd: string;
  readonly backend?: 'tmux' | 'headless';
  readonly model?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What only tells whose work it is: an agent that was started without it may do that work too. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  /** The conversation to go on with. */
  readonly resume?: string;
}

/** How an agent would be started. Fails: Agent.Unavailable, Secret.Missing. */
export function planAgent(wish: AgentWish, { home, agents, secrets, environment }: PlanPorts): AgentStart {
  const config = demandAgent(agents, wish.agent);
  const kind = makeAgent(config);
  const backend = wish.backend ?? config.backend;
  if (!kind.backends.includes(backend)) {
    const has = kind.backends.join(' or ');
    throw failure('Agent.Unavailable', `The agent "${wish.agent}" (${kind.name}) runs ${has} only, not ${backend}.`);
  }
  const dir = agentDir(home, wish.id);
  const launch = kind.start({
    backend,
    cwd: wish.cwd,
    dir,
    eventsPath: journalPath(dir),
    answersDir: answersDir(dir),
    conversationId: uuidOf(wish.id),
    ...(wish.model !== undefined && { model: wish.model }),
    ...(wish.resume !== undefined && { resume: wish.resume }),
  });
  const given = { env: wish.env ?? {}, secrets: wish.secrets ?? [] };
  const env = agentEnvironment({ config, launch, passes: kind.passes, dir, ...given }, environment, secrets);
  return {
    record: {
      id: wish.id,
      agent: wish.agent,
      backend,
      terminal: wish.terminal,
      cwd: wish.cwd,
      fingerprint: fingerprint(wish, backend, config),
      startedAt: Date.now(),
      ...(launch.conversation !== undefined && { conversation: launch.conversation }),
    },
    dir,
    kind,
    argv: launch.argv,
    env: { ...env, ...wish.labels },
    files: launch.files,
  };
}

/** Fails: Agent.Unavailable. */
export function demandAgent(agents: AgentsConfig, name: string): AgentConfig {
  const config = agents[name];
  if (config !== undefined && Object.hasOwn(agents, name)) return config;
  const known = Object.keys(agents).join(', ') || 'none';
  throw failure('Agent.Unavailable', `No agent "${name}" is configured on this host (configured: ${known}).`);
}

/** What it takes to end an agent, whether it is still configured or not. */
export function agentName(home: string, record: AgentRecord, agents: AgentsConfig): AgentName {
  const { id, terminal, agent } = record;
  const config = agents[agent];
  const interruptKey = config && makeAgent(config).terminal?.interrupt;
  return {
    ...{ id, terminal, dir: agentDir(home, id), graceMs: config?.['grace-ms'] ?? 3_000 },
    ...(interruptKey !== undefined && { interruptKey }),
  };
}

function fingerprint(wish: AgentWish, backend: string, config: AgentConfig): string {
  const { cwd, model, env = {}, secrets = [] } = wish;
  return sha256(JSON.stringify([wish.agent, backend, cwd, model ?? null, env, [...secrets].sort(), config]));
}

/** A uuid that is the same whenever the agent is started. */
function uuidOf(id: string): string {
  const hex = sha256(id);
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
