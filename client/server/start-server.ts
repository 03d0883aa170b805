import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { ServiceError } from '../faults';
import { isAlive } from '../home';
import { waitUntilServing } from '../temporal';
import { devServerArguments } from './settings';

const HOST = '127.0.0.1';
const START_MS = 60_000;
const STOP_MS = 10_000;

export interface ServerOptions {
  /** The `temporal` program. */
  readonly executable: string;
  readonly logFile: string;
  readonly namespace?: string;
  /** A free one when absent. */
  readonly port?: number;
  /** A free one when absent; `false`: no Web UI. */
  readonly uiPort?: number | false;
  /** Where runs are kept; in memory when absent. */
  readonly dbFile?: string;
}

export interface RunningServer {
  readonly address: string;
  readonly namespace: string;
  readonly ui?: string;
  readonly pid: number;
  /** Resolves when the process has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** SIGTERM, and SIGKILL for one that does not listen. */
  stop(): Promise<void>;
  /** SIGKILL: the machine lost power. */
  kill(): Promise<void>;
  /** The same server again, on the same ports and file, after `stop` or `kill`. */
  again(): Promise<RunningServer>;
}

/** Start a Temporal server and wait until it serves. Fails: ServiceError with the end of its log. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort === false ? undefined : (options.uiPort ?? (await freePort()));
  const namespace = options.namespace ?? 'default';
  const { dbFile } = options;
  if (dbFile !== undefined) mkdirSync(path.dirname(dbFile), { recursive: true });
  const flags = { ip: HOST, port, namespace, ...(uiPort !== undefined && { uiPort }), ...(dbFile && { dbFile }) };
  const child = spawnLogged(options.executable, devServerArguments(flags), options.logFile);
  const ended = endOf(child);
  const address = `${HOST}:${port}`;
  try {
    // gRPC waits a second before it knocks again; so knock by hand first.
    await waitUntilListening(port, Date.now() + START_MS, () => stillRuns(child));
    await waitUntilServing(address, namespace, START_MS, () => stillRuns(child));
  } catch (error) {
    await stop(child, ended, 'SIGKILL');
    throw notStarted(options.logFile, error);
  }
  return {
    address,
    namespace,
    pid: child.pid!,
    ended,
    ...(uiPort !== undefined && { ui: `http://${HOST}:${uiPort}` }),
    stop: () => stop(child, ended, 'SIGTERM'),
    kill: () => stop(child, ended, 'SIGKILL'),
    again: () => startServer({ ...options, port, uiPort: uiPort ?? false }),
  };
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
}

/** A port of loopback that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, HOST, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function waitUntilListening(port: number, deadline: number, alive: () => boolean): Promise<void> {
  while (alive() && Date.now() < deadline) {
    if (await accepts(port)) return;
    await pause(20);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

/** End a process that this one did not start: SIGTERM, and SIGKILL for one that does not listen. */
export async function stopProcess(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    for (const deadline = Date.now() + STOP_MS; isAlive(pid) && Date.now() < deadline;) await pause(50);
  }
}

/** The same for a process and all it started, when it leads a group. */
export async function stopProcessGroup(pid: number): Promise<void> {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // it leads none, or is gone
  }
  await stopProcess(pid);
}

// A group of its own: Ctrl-C in the terminal is for gantry, which ends the workers before the server.
function spawnLogged(program: string, args: readonly string[], logFile: string): ChildProcess {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    return spawn(program, args, { stdio: ['ignore', log, log], detached: true });
  } finally {
    closeSync(log);
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

function stillRuns(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function stop(child: ChildProcess, ended: Promise<void>, first: NodeJS.Signals): Promise<void> {
  if (!stillRuns(child)) return;
  child.kill(first);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

function notStarted(logFile: string, cause: unknown): ServiceError {
  const log = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  return new ServiceError(
    `The Temporal server did not start. The end of its log:\n${log}`,
    `The whole log: ${logFile}`,
    {
      cause,
    },
  );
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
