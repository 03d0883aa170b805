import { mkdir, rm, writeFile, chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AgentsConfig } from '../../contracts/schemas/agents';
import { namesIn } from '../files/names-in';
import { exists, readIfThere, writeOnce, writeWhole } from '../files/whole-file';
import { inspect } from '../processes/supervised';
import type { Redactor } from '../secrets/redactor';
import {
  agentDir,
  answersDir,
  outputPath,
  processDir,
  readAgentRecord,
  recordPath,
  type AgentRecord,
} from './agent-record';
import { keepRedacted } from './dispatch/redacted-log';
import { headlessLog } from './headless/headless-backend';
import { agentName } from './plan-agent';
import type { AgentStart, SessionBackend } from './session-backend';
import { terminalLog } from './tmux/tmux-backend';

// An agent is used by one prompt at a time, and forgets nothing: whether it may take another prompt depends on the
// ones it had. `used` names the prompt that has it, `kept` the conversation it is kept for.

export interface AtWorkPorts {
  readonly home: string;
  readonly agents: AgentsConfig;
  readonly backends: Readonly<Record<'tmux' | 'headless', SessionBackend>>;
  readonly redactor: Redactor;
}

/** Write down that an agent is to be started: from here on it can be found and ended. */
export async function recordAgent({ record, dir, files }: AgentStart): Promise<void> {
  await mkdir(answersDir(dir), { recursive: true, mode: 0o700 });
  for (const [path, { content, executable }] of Object.entries(files)) {
    const target = join(dir, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeWhole(target, content);
    await chmod(target, executable === true ? 0o700 : 0o600);
  }
  await writeWhole(recordPath(dir), JSON.stringify(record));
}

export async function isUp(home: string, record: AgentRecord): Promise<boolean> {
  return (await inspect(processDir(agentDir(home, record.id)))).state === 'running';
}

/** Take an agent that is up for one prompt. False when another prompt has it, or had it for another conversation. */
export async function takeAgent(
  home: string,
  record: AgentRecord,
  dispatchId: string,
  resume: string | undefined,
): Promise<boolean> {
  const dir = agentDir(home, record.id);
  if (!(await isUp(home, record))) return false;
  const kept = await readIfThere(keptPath(dir));
  if (kept !== undefined) {
    if (kept !== resume) return false;
    await writeWhole(usedPath(dir), dispatchId);
    await rm(keptPath(dir), { force: true });
    return true;
  }
  if (resume === undefined && (await writeOnce(usedPath(dir), dispatchId))) return true;
  return (await readIfThere(usedPath(dir))) === dispatchId; // an earlier attempt took it and died
}

/** A fresh agent is started for this prompt. */
export async function markUsed(dir: string, dispatchId: string): Promise<void> {
  await writeFile(usedPath(dir), dispatchId, { mode: 0o600 });
}

/** Its prompt is done, and the conversation may go on. */
export async function keepAgent(dir: string, conversation: string): Promise<void> {
  await rm(outputPath(dir), { force: true });
  await writeWhole(keptPath(dir), conversation);
}

/** The conversation an agent is kept for; undefined when it is at work, or was never used. */
export function keptFor(home: string, record: AgentRecord): Promise<string | undefined> {
  return readIfThere(keptPath(agentDir(home, record.id)));
}

export interface EndOptions {
  readonly interrupt: boolean;
  /** The longest time from SIGTERM to SIGKILL, where its configuration would give it more. */
  readonly graceMs?: number;
}

/** Leave nothing of an agent but its log, without secrets. */
export async function endAgent(
  record: AgentRecord,
  { interrupt, graceMs = Infinity }: EndOptions,
  { home, agents, backends, redactor }: AtWorkPorts,
): Promise<void> {
  const name = agentName(home, record, agents);
  await backends[record.backend].end({ ...name, graceMs: Math.min(name.graceMs, graceMs) }, { interrupt });
  const log = logOf(name.dir, record);
  const done = join(name.dir, 'redacted');
  if ((await exists(done)) || !(await exists(log))) return;
  await keepRedacted(log, redactor);
  await writeOnce(done, '');
}

export function logOf(dir: string, { backend }: AgentRecord): string {
  return backend === 'tmux' ? terminalLog(dir) : headlessLog(dir);
}

/**
 * End every agent that works in a directory: before the directory is removed, and for prompts whose cancellation no
 * worker was there to see. Gives the terminals of those it ended or found ended.
 */
export async function endAgentsIn(cwd: string, ports: AtWorkPorts): Promise<string[]> {
  const ended: string[] = [];
  for (const id of await namesIn(join(ports.home, 'agents'))) {
    const record = await readAgentRecord(ports.home, id);
    if (record?.cwd !== cwd) continue;
    await endAgent(record, { interrupt: true }, ports);
    ended.push(record.terminal);
  }
  return ended;
}

function usedPath(dir: string): string {
  return join(dir, 'used');
}

function keptPath(dir: string): string {
  return join(dir, 'kept');
}
