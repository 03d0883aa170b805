import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PoolSpec } from '../../contracts/schemas/pools';
import { isAlive } from '../home';
import type { Target } from '../target';
import { isOwnProcess } from './own-process';
import { workerProgram } from './programs';
import { stopProcess } from './start-server';
import { supervise } from './supervise';
import { workerEnvironment } from './worker-environment';

export interface HostOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly target: Target;
  readonly name: string;
  readonly pools: readonly PoolSpec[];
  readonly agents?: string;
  /** The configuration of models: an absolute path, known to have no mistake. */
  readonly config?: string;
  readonly say: (line: string) => void;
}

export interface HostProcess {
  readonly logFile: string;
  /** End it; agents at work go on. With `drained` its next start is told that it gave its sessions no work. */
  stop(how: { readonly drained: boolean }): Promise<void>;
}

/** What a `gantry host` leaves for the next one of its name. */
interface HostRecord {
  readonly ownerPid: number;
  readonly childPid?: number;
  /** It drained its sessions in order to leave: they stay drained until somebody gives them work again. */
  readonly drained?: boolean;
}

/** Keep a process up that serves this machine's sessions. */
export function startHost({ home, env, target, name, pools, agents, config, say }: HostOptions): HostProcess {
  const logFile = path.join(home, 'logs', `host-${name}.log`);
  const file = recordFile(home, name);
  const told = { home, target, host: name, pools, roles: ['sessions'] as const };
  const process_ = supervise({
    program: process.execPath,
    args: [workerProgram()],
    env: workerEnvironment(env, {
      ...told,
      ...(agents !== undefined && { agents }),
      ...(config !== undefined && { config }),
    }),
    logFile,
    onStart: (childPid) => writeRecord(file, { ownerPid: process.pid, childPid }),
    onDeath: ({ pid, how, againInMs }) =>
      say(`the host's process ${pid} died (${how}); starting it again in ${againInMs / 1000} s. Its log: ${logFile}`),
  });
  return {
    logFile,
    async stop({ drained }) {
      await process_.stop();
      if (drained) writeRecord(file, { ownerPid: process.pid, drained });
      else rmSync(file, { force: true });
    },
  };
}

/**
 * End what a killed `gantry host` of this name left behind: nobody would start it again when it dies. Says whether the
 * last one drained its sessions when it left.
 */
export async function takeOverHost(
  home: string,
  name: string,
  say: (line: string) => void,
): Promise<{ readonly drained: boolean }> {
  const { ownerPid, childPid, drained } = readRecord(recordFile(home, name)) ?? {};
  if (ownerPid !== undefined && childPid !== undefined && !isAlive(ownerPid) && isOwnProcess(childPid)) {
    say(`Ending what a killed gantry host left behind (process ${childPid}); its agents go on.`);
    await stopProcess(childPid);
  }
  return { drained: drained === true };
}

function recordFile(home: string, name: string): string {
  return path.join(home, 'server', `host-${name}.json`);
}

function readRecord(file: string): HostRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as HostRecord;
  } catch {
    return undefined; // none was started here, or its record is half written
  }
}

function writeRecord(file: string, record: HostRecord): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.new`, file);
}
