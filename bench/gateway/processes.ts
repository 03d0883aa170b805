import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GatewayProcessOptions } from '../gateway-process';
import type { Load, LoadFigures } from '../gateway-load-process';

export interface Served {
  readonly port: number;
  readonly pid: number;
  stop(): void;
}

export function startUpstream(): Promise<Served> {
  return start('gateway-upstream-process.js', []);
}

export function startOurs(options: GatewayProcessOptions): Promise<Served> {
  return start('gateway-process.js', [JSON.stringify(options)]);
}

export async function measure(load: Load): Promise<LoadFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(__dirname, '..', 'gateway-load-process.js'),
    JSON.stringify(load),
  ]);
  const figures = JSON.parse(stdout) as LoadFigures;
  if (figures.errors > 0) throw new Error(`${figures.errors} requests to port ${load.port} were not answered with 200`);
  return figures;
}

/** A process that tells its port when it serves, and ends with its parent. */
async function start(file: string, args: readonly string[]): Promise<Served> {
  const child = fork(join(__dirname, '..', file), [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended before it served`))),
  ])) as [number];
  return { port, pid: child.pid!, stop: () => void child.kill('SIGKILL') };
}
