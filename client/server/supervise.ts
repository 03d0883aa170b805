import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';

const FIRST_DELAY_MS = 200;
const LAST_DELAY_MS = 10_000;
/** Whoever ran this long was well: its next end starts counting from the beginning. */
const WELL_AFTER_MS = 30_000;
const STOP_MS = 20_000;

export interface ProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly onStart?: (pid: number) => void;
  /** Told of every end that nobody asked for, with the wait before the next start. */
  readonly onDeath?: (death: { readonly pid: number; readonly how: string; readonly againInMs: number }) => void;
}

export interface Supervised {
  readonly pid: number | undefined;
  /** Times it was started again. */
  readonly restarts: number;
  /** SIGKILL, as a crash would; it is started again like after any. */
  kill(): void;
  /** Hold the next start back until the returned function is called. */
  holdBack(): () => void;
  /** SIGTERM, and SIGKILL for one that does not listen; it stays down. */
  stop(): Promise<void>;
}

/** Keep a program running: start it again when it dies, later each time it dies at once. */
export function supervise(options: ProgramOptions): Supervised {
  let child: ChildProcess | undefined;
  let restarts = 0;
  let delayMs = FIRST_DELAY_MS;
  let stopped = false;
  let held = false;
  let due: NodeJS.Timeout | undefined;

  const start = () => {
    due = undefined;
    if (stopped || held) return;
    const startedAt = Date.now();
    const running = spawnLogged(options);
    child = running;
    if (running.pid !== undefined) options.onStart?.(running.pid);
    running.once('exit', (code, signal) => died(running, startedAt, signal ?? `exit code ${code}`));
    running.once('error', (error) => died(running, startedAt, error.message));
  };
  const died = (dead: ChildProcess, startedAt: number, how: string) => {
    if (child !== dead) return; // `error` and `exit` may both tell of one death
    child = undefined;
    if (stopped) return;
    if (Date.now() - startedAt > WELL_AFTER_MS) delayMs = FIRST_DELAY_MS;
    options.onDeath?.({ pid: dead.pid ?? 0, how, againInMs: delayMs });
    restarts += 1;
    due = setTimeout(start, delayMs);
    delayMs = Math.min(delayMs * 2, LAST_DELAY_MS);
  };
  start();
  return {
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
    },
    kill: () => void child?.kill('SIGKILL'),
    holdBack() {
      held = true;
      return () => {
        held = false;
        if (child === undefined && due === undefined) start();
      };
    },
    async stop() {
      stopped = true;
      clearTimeout(due);
      if (child) await end(child);
    },
  };
}

// A group of its own: Ctrl-C in the terminal is for gantry, which ends everything in order.
function spawnLogged({ program, args, env, logFile }: ProgramOptions): ChildProcess {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    return spawn(program, args, { env, stdio: ['ignore', log, log], detached: true });
  } finally {
    closeSync(log);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
