import { join } from 'node:path';
import { parseObject } from './line-tail';
import { readIfThere } from '../files/whole-file';

/**
 * An agent that was started: a process in a directory of its own, which outlives the worker that started it, and may
 * be given more than one prompt.
 */
export interface AgentRecord {
  readonly id: string;
  /** The name it is configured under. */
  readonly agent: string;
  readonly backend: 'tmux' | 'headless';
  /** What its terminal is called. */
  readonly terminal: string;
  readonly cwd: string;
  /** Of what it was started with: it may be given a prompt that would have started it the same. */
  readonly fingerprint: string;
  readonly startedAt: number;
  /** The conversation it goes on with, or began, where that is known before it says so. */
  readonly conversation?: string;
}

/** Which agent it is, and its own directory. */
export interface AgentPlace {
  readonly id: string;
  readonly dir: string;
}

/** What it takes to find an agent again and end it. */
export interface AgentName extends AgentPlace {
  readonly terminal: string;
  readonly interruptKey?: 'Escape' | 'C-c';
  readonly graceMs: number;
}

const AGENT_ID = /^[a-z0-9][a-z0-9_.-]{0,199}$/;

/** The directory of an agent: its process, what it reports, and what it printed. */
export function agentDir(home: string, id: string): string {
  if (!AGENT_ID.test(id)) throw new Error(`"${id}" is not the id of an agent`);
  return join(home, 'agents', id);
}

export function processDir(dir: string): string {
  return join(dir, 'process');
}

/** Where an agent appends its events. */
export function journalPath(dir: string): string {
  return join(dir, 'events.jsonl');
}

/** Where it writes the result of a prompt that asks for one. */
export function outputPath(dir: string): string {
  return join(dir, 'output.json');
}

/** Where people's answers to its questions appear, `<ask id>.json` each. */
export function answersDir(dir: string): string {
  return join(dir, 'answers');
}

export function recordPath(dir: string): string {
  return join(dir, 'agent.json');
}

/** The record of an agent that was, or was about to be, started; undefined where there is none. */
export async function readAgentRecord(home: string, id: string): Promise<AgentRecord | undefined> {
  const text = await readIfThere(recordPath(agentDir(home, id)));
  return text === undefined ? undefined : (parseObject(text) as AgentRecord | undefined);
}
