import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Where gantry keeps what it must not lose: `$GANTRY_HOME`, else `$XDG_STATE_HOME/gantry`. */
export function gantryHome(env: Env): string {
  if (env['GANTRY_HOME']) return path.resolve(env['GANTRY_HOME']);
  return path.join(env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'), 'gantry');
}

/** Where gantry keeps what it can get again. */
export function gantryCache(env: Env): string {
  return path.join(env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'gantry');
}

/** What `gantry dev` leaves for the other commands to find it by. */
export interface ServerAddress {
  readonly address: string;
  readonly namespace: string;
  readonly ui?: string;
  readonly serverPid: number;
  /** The `gantry dev` that looks after the server. */
  readonly ownerPid: number;
  /** What else it started: the next one ends those that a killed one left behind. */
  readonly childPids: readonly number[];
}

const addressFile = (home: string) => path.join(home, 'server', 'address.json');

/** The server `gantry dev` started under this home, if it is still alive. */
export function readServerAddress(home: string): ServerAddress | undefined {
  let recorded: ServerAddress;
  try {
    recorded = JSON.parse(readFileSync(addressFile(home), 'utf8')) as ServerAddress;
  } catch {
    return undefined; // none was ever started here, or its record is half written
  }
  return isAlive(recorded.serverPid) ? recorded : undefined;
}

export function writeServerAddress(home: string, address: ServerAddress): void {
  const file = addressFile(home);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(address, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function removeServerAddress(home: string): void {
  rmSync(addressFile(home), { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
