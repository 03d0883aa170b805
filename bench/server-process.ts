import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../client/server/start-server';
import { devServerArguments, type ServerSettings } from '../client/server/settings';

const START_MS = 60_000;

/** A Temporal server of a benchmark, with its file in a directory of its own. */
export interface BenchServer {
  readonly address: string;
  readonly client: Client;
  /** CPU time of the process in ms; undefined where the system does not tell. */
  cpuMs(): number | undefined;
  stop(): Promise<void>;
}

export interface BenchServerOptions {
  /** The `temporal` program. */
  readonly temporal: string;
  readonly directory: string;
  /** Absent: the CLI's defaults with an SQLite file, and nothing else. */
  readonly settings?: ServerSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Start a server on an SQLite file, with given settings or with none, and wait until it serves. */
export async function startBenchServer(options: BenchServerOptions): Promise<BenchServer> {
  const port = await freePort();
  mkdirSync(options.directory, { recursive: true });
  const log = openSync(join(options.directory, 'server.log'), 'a');
  const child = spawn(options.temporal, argumentsFor(options, port), {
    stdio: ['ignore', log, log],
    env: { ...options.env },
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  const address = `127.0.0.1:${port}`;
  try {
    const connection = await connectWhenServing(address, () => child.exitCode === null);
    return {
      address,
      client: new Client({ connection }),
      cpuMs: () => cpuMsOf(child.pid!),
      stop: async () => {
        await connection.close();
        await stop();
      },
    };
  } catch (error) {
    if (child.exitCode === null) await stop();
    const lines = readFileSync(join(options.directory, 'server.log'), 'utf8').trim().split('\n').slice(-5).join('\n');
    throw new Error(`The server of the benchmark did not start. The end of its log:\n${lines}`, { cause: error });
  }
}

function argumentsFor({ directory, settings }: BenchServerOptions, port: number): string[] {
  const dbFile = join(directory, 'temporal.db');
  if (settings !== undefined) {
    return devServerArguments({ ip: '127.0.0.1', port, namespace: 'default', dbFile }, settings);
  }
  return ['server', 'start-dev', '--headless', '--port', String(port), '--db-filename', dbFile, '--log-level', 'warn'];
}

async function connectWhenServing(address: string, alive: () => boolean): Promise<Connection> {
  for (const deadline = Date.now() + START_MS; ;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      return connection;
    } catch (error) {
      if (!alive() || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** User and system time of a process, from Linux's clock of 100 ticks a second; undefined on other systems. */
export function cpuMsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined; // not Linux
  }
}
