import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { readIfThere, writeOnce } from '../files/whole-file';
import { findProcess } from './process-table';

// What a supervised process leaves in its directory. Every file appears whole or not at all.
//   claim   the value of GANTRY_PROCESS in the environment of the process and all it starts
//   pid     two lines, pid and birth of the supervisor; whoever links it first is the one that runs
//   exit    the exit code, once there is one
//   stdin, out/log

/** The environment variable every process of the tree carries. */
export const PROCESS_VARIABLE = 'GANTRY_PROCESS';

export type ProcessState =
  | { readonly state: 'running'; readonly pid: number }
  | {
      readonly state: 'exited';
      readonly exitCode: number;
      /** Set when the code is 128 + n, as shells report the signal a program died of. */
      readonly signal?: string;
    }
  /** It is over without an exit code: killed from outside, the machine restarted, or stopped before it could start. */
  | { readonly state: 'lost' }
  /** It never ran. */
  | { readonly state: 'absent' };

/** How the process of a directory stands. */
export async function inspect(dir: string): Promise<ProcessState> {
  const supervisor = await readSupervisor(dir);
  if (supervisor === undefined) return { state: 'absent' };
  const ended = await readExit(dir);
  if (ended) return ended;
  const row = supervisor.pid > 0 ? await findProcess(supervisor.pid) : undefined;
  if (row?.birth === supervisor.birth) return { state: 'running', pid: supervisor.pid };
  // It may have written its exit code after the first look.
  return (await readExit(dir)) ?? { state: 'lost' };
}

/** The pid and birth of the supervisor, running or not; undefined when none ever ran here. */
export async function readSupervisor(dir: string): Promise<{ pid: number; birth: string } | undefined> {
  const text = await readIfThere(join(dir, 'pid'));
  if (text === undefined) return undefined;
  const [pid = '', birth = ''] = text.split('\n');
  return { pid: Number(pid), birth };
}

/** The id of the claim on a directory; made on first use, then always the same. */
export async function claim(dir: string): Promise<string> {
  await writeOnce(join(dir, 'claim'), randomUUID());
  return readFile(join(dir, 'claim'), 'utf8');
}

export function readClaim(dir: string): Promise<string | undefined> {
  return readIfThere(join(dir, 'claim'));
}

/** Make sure that no supervisor can start here any more. Does nothing where one already has. */
export async function forbidStart(dir: string): Promise<void> {
  await writeOnce(join(dir, 'pid'), '0\nnever\n');
}

async function readExit(dir: string): Promise<(ProcessState & { state: 'exited' }) | undefined> {
  const text = await readIfThere(join(dir, 'exit'));
  if (text === undefined) return undefined;
  const exitCode = Number.parseInt(text, 10);
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return { state: 'exited', exitCode, ...(signal !== undefined && { signal }) };
}
