import { mkdir, rename, rm } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PreparedCommand } from '../../contracts/activities';
import type { RunRef } from '../../contracts/run';
import type { Text } from '../../contracts/text';
import { failure } from '../failure';
import { exists, modifiedAt, readIfThere, writeOnce, writeWhole } from '../files/whole-file';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';
import { endOfLog } from './end-of-log';
import { startOnce, type SupervisedProcess } from '../processes/supervised';
import { secretVariables } from '../secrets/secrets';

export interface Order {
  /** A directory of this execution's own: a second try names the same. */
  readonly dir: string;
  readonly run: RunRef;
  readonly command: PreparedCommand;
  /** Where it runs; a directory of its own when absent. */
  readonly cwd?: string;
  /** Counted from the first try. */
  readonly timeoutMs: number;
}

export interface Execution {
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly durationMs: number;
  readonly log: Text;
  /** Where the command found `$GANTRY_OUTPUT`. */
  readonly outputPath: string;
}

/** What a command may do after it was asked to end. */
const GRACE_MS = 5_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** What a shell reports of a program that was killed, where nobody was left to report it. */
const KILLED = 137;

/**
 * Run a command to its end, or attach to the one that was started for this order before. Only a cancellation ends it
 * early; a worker that shuts down leaves it running. Fails: Command.Lost, Secret.Missing, Git.Failed.
 */
export async function execute(host: Host, order: Order, attempt: Attempt): Promise<Execution> {
  const { dir } = order;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const startedAt = await firstStart(dir);
  const process = await start(host, order);
  attempt.tell?.(() => endOfLog(process.logPath, host.redactor));
  const ended = await waitWithin(process, startedAt + order.timeoutMs, attempt);
  const timedOut = await exists(join(dir, 'timed-out'));
  const log = await keepLog(host, process.logPath);
  if (ended.state === 'lost' && !timedOut) {
    await process.stop({ graceMs: GRACE_MS });
    const message =
      'The command was killed from outside, or the machine restarted, before it could report an exit code.';
    throw failure('Command.Lost', message, { evidence: log });
  }
  return {
    exitCode: ended.state === 'exited' ? ended.exitCode : KILLED,
    timedOut,
    durationMs: Math.max(0, (await endOf(dir)) - startedAt),
    log,
    outputPath: outputPath(dir),
  };
}

async function start(host: Host, { dir, run, command, cwd }: Order): Promise<SupervisedProcess> {
  const variables = secretVariables(host.secrets, command.secrets);
  if (cwd !== undefined && !(await exists(cwd))) {
    throw failure('Git.Failed', `The worktree ${cwd} is gone. Start the run again.`);
  }
  const place = cwd ?? join(dir, 'work');
  if (cwd === undefined) await mkdir(place, { recursive: true });
  // The text never meets a command line: no limit of length, nothing for a shell to expand once more.
  await writeWhole(join(dir, 'script'), command.command);
  return startOnce({
    dir,
    argv: ['/bin/sh', '-e', join(dir, 'script')],
    cwd: place,
    env: {
      ...host.environment,
      GANTRY_PROJECT: run.project,
      GANTRY_RUN: run.runId,
      ...command.env,
      ...variables,
      GANTRY_OUTPUT: outputPath(dir),
    },
  });
}

/** Wait for the end; at the deadline, or when a cancellation asks for it, bring it about. */
async function waitWithin(process: SupervisedProcess, deadline: number, attempt: Attempt) {
  for (;;) {
    const left = Math.min(Math.max(0, deadline - Date.now()), LONGEST_TIMER_MS);
    try {
      return await process.waitForExit(AbortSignal.any([attempt.signal, AbortSignal.timeout(left)]));
    } catch (error) {
      if (attempt.signal.aborted) {
        if (attempt.stopRequested()) await process.stop({ graceMs: GRACE_MS });
        throw attempt.signal.reason;
      }
      if (!isTimeout(error)) throw error;
    }
    if (Date.now() < deadline) continue;
    await writeOnce(join(process.dir, 'timed-out'), '');
    await process.stop({ graceMs: GRACE_MS });
  }
}

/** The log as it may be seen, in the store and in the directory. */
export async function keepLog(host: Host, path: string): Promise<Text> {
  if (host.secrets.all().length > 0) {
    const draft = `${path}.redacted`;
    await pipeline(createReadStream(path), host.redactor.transform(), createWriteStream(draft, { mode: 0o600 }));
    await rename(draft, path);
  }
  return host.artifacts.storeFile(path);
}

/** Forget an execution, so that the same order runs again. */
export async function forget(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
}

async function firstStart(dir: string): Promise<number> {
  const path = join(dir, 'started');
  await writeOnce(path, String(Date.now()));
  return Number(await readIfThere(path));
}

async function endOf(dir: string): Promise<number> {
  return (await modifiedAt(join(dir, 'exit'))) || Date.now();
}

function outputPath(dir: string): string {
  return join(dir, 'output.json');
}

function isTimeout(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'TimeoutError';
}
