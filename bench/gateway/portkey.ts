import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gantryCache } from '../../client/home';
import type { BenchContext } from '../benchmark';
import type { Served } from './processes';

const VERSION = '1.15.2';
/** With the newest server of its range it answers every stream with status 500. */
const PACKAGE = {
  private: true,
  dependencies: { '@portkey-ai/gateway': VERSION },
  overrides: { '@hono/node-server': '1.13.8' },
};
const READY_MS = 30_000;

/** Portkey's gateway in a process of its own, installed into the cache and never into the project. */
export async function startPortkey({ env, say }: BenchContext): Promise<Served> {
  const dir = join(gantryCache(env), 'gateways', `portkey-${VERSION}`);
  const program = join(dir, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  if (!existsSync(program)) install(dir, say);
  const port = await freePort();
  const child = spawn(process.execPath, [program, `--port=${port}`, '--headless'], {
    stdio: 'ignore',
    env: { ...env },
  });
  const stop = (): void => void child.kill('SIGKILL');
  for (const until = Date.now() + READY_MS; ;) {
    if (await answers(port)) return { port, pid: child.pid!, stop };
    if (Date.now() > until || child.exitCode !== null) throw new Error('the gateway beside ours did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function install(dir: string, say: BenchContext['say']): void {
  say(`gateway: getting @portkey-ai/gateway ${VERSION} (once)`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify(PACKAGE));
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: dir, timeout: 600_000 });
  if (status !== 0) throw new Error(`npm could not install @portkey-ai/gateway ${VERSION} into ${dir}.`);
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
