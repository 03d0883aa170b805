import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeWhole } from '../files/whole-file';
import { claim, inspect, PROCESS_VARIABLE, readClaim, type ProcessState } from './process-record';
import { stopTree } from './stop-tree';
import { supervisorScript } from './supervisor-script';
import { waitForChange } from './wait-for-change';

export { inspect, type ProcessState } from './process-record';
export { stopTree } from './stop-tree';

// P1. A supervised process belongs to a directory, not to the Node process that started it.
// P2. At most one ever runs in a directory: the supervisor itself takes the claim, by a link, and is alive when it
//     does. Whoever is not sure whether it was started may therefore always start it again.
// P3. It is told from a stranger with the same pid by its time of birth.

export interface StartOptions {
  /** A directory of its own: whoever names it means the same process. */
  readonly dir: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** All of the environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

export interface SupervisedProcess {
  readonly dir: string;
  /** The value of `GANTRY_PROCESS` in the environment of everything it starts. */
  readonly id: string;
  /** Standard output and error, as they come. Readable by this user alone, and not redacted. */
  readonly logPath: string;
  inspect(): Promise<ProcessState>;
  /** Resolves when the process is over; rejects with the signal's reason, and leaves the process alone, on abort. */
  waitForExit(signal?: AbortSignal): Promise<Extract<ProcessState, { state: 'exited' | 'lost' }>>;
  stop(options: { readonly graceMs: number }): Promise<void>;
}

/**
 * Start a process that outlives this one, or attach to the one that was started in this directory before. Safe to
 * call again after a crash at any point, and from two processes at once.
 */
export async function startOnce(options: StartOptions): Promise<SupervisedProcess> {
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const id = await claim(dir);
  if ((await inspect(dir)).state === 'absent') await spawnSupervisor({ ...options, dir }, id);
  return supervised(dir, id);
}

/** The process of a directory, or undefined when none was ever claimed there. */
export async function attach(dir: string): Promise<SupervisedProcess | undefined> {
  const id = await readClaim(dir);
  return id === undefined ? undefined : supervised(resolve(dir), id);
}

function supervised(dir: string, id: string): SupervisedProcess {
  return {
    dir,
    id,
    logPath: logPath(dir),
    inspect: () => inspect(dir),
    waitForExit: (signal) => waitForExit(dir, signal),
    stop: (options) => stopTree(dir, options),
  };
}

// In a directory of its own, so that who watches for the exit code is not woken by each line.
function logPath(dir: string): string {
  return join(dir, 'out', 'log');
}

async function waitForExit(
  dir: string,
  signal?: AbortSignal,
): Promise<Extract<ProcessState, { state: 'exited' | 'lost' }>> {
  for (;;) {
    const now = await inspect(dir);
    if (now.state === 'exited' || now.state === 'lost') return now;
    signal?.throwIfAborted();
    if (now.state === 'absent') throw new Error(`no process was started in ${dir}`);
    await waitForChange(dir, 'exit', signal);
  }
}

/** Resolves once a supervisor, this one or a faster one, holds the directory. */
async function spawnSupervisor(options: StartOptions, id: string): Promise<void> {
  const { dir, cwd } = options;
  // `spawn` reports a missing directory as a missing program.
  if (!(await isDirectory(cwd))) throw new Error(`cannot start ${options.argv[0]}: ${cwd} is not a directory`);
  await writeWhole(join(dir, 'stdin'), options.stdin ?? '');
  await mkdir(join(dir, 'out'), { recursive: true, mode: 0o700 });
  await (await open(logPath(dir), 'a', 0o600)).close();

  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'gantry-supervisor', dir, ...options.argv], {
    cwd,
    env: { ...options.env, [PROCESS_VARIABLE]: id },
    detached: true, // a session of its own: no signal of ours or of our terminal reaches it
    stdio: 'ignore',
  });
  const ended = once(child, 'exit').then(() => true);
  ended.catch(() => undefined); // the next line reports it
  await once(child, 'spawn');
  child.unref();
  for (let over = false; (await inspect(dir)).state === 'absent';) {
    if (over)
      throw new Error(`cannot start ${options.argv[0]}: the supervisor left no trace in ${dir}; is the disk full?`);
    over = await Promise.race([ended, waitForChange(dir, 'pid').then(() => false)]);
  }
}

const SUPERVISOR = `dir=$1; shift\n${supervisorScript('"$@" <"$dir/stdin" >>"$dir/out/log" 2>&1')}`;

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
