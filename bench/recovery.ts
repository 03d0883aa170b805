import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { workerProgram } from '../client/server/programs';
import { SERVER_SETTINGS } from '../client/server/settings';
import { workerEnvironment } from '../client/server/worker-environment';
import type { BenchContext } from './benchmark';
import type { Report } from './figures';
import { pairsOf, takeTurns } from './rounds';
import { startRun, type Runnable } from './runs';
import { startBenchServer, type BenchServer } from './server-process';
import { asHandWritten, asPipeline } from './workload';

/** Long enough for some heartbeats to have reached the server. */
const INTO_THE_STAGE_MS = 3_000;
const GIVE_UP_MS = 180_000;

/** A worker killed with SIGKILL in the middle of a stage and started again at once. */
export async function benchRecovery(context: BenchContext): Promise<Report> {
  const directory = join(context.directory, 'recovery');
  const server = await startBenchServer({ ...context, directory, settings: SERVER_SETTINGS });
  // The default is no heartbeat at all, and then only the activity's own time limit tells of its loss.
  const heartbeatTimeoutMs = context.quick ? 15_000 : 60_000;
  const ours = gantrySubject(context, server, directory);
  const theirs = naiveSubject(context, server, directory, heartbeatTimeoutMs);
  try {
    const rounds = await takeTurns(
      context.quick ? 1 : 3,
      () => killAndRestart(ours, context),
      () => killAndRestart(theirs, context),
    );
    return {
      benchmark: 'recovery',
      ours: 'the worker as it is built: bundle ready, 5 s heartbeats, 1 s for a sticky queue',
      theirs: `a worker of the same stages that bundles at its start and has a heartbeat timeout of ${heartbeatTimeoutMs / 1_000} s, all else by default`,
      figures: [
        { name: 'restart → first task done', unit: 's', limit: 3, pairs: pairsOf(rounds, (round) => round.serving) },
        {
          name: 'kill → its work taken up again',
          unit: 's',
          limit: 6,
          pairs: pairsOf(rounds, (round) => round.takenUp),
        },
        { name: 'kill → run at its end', unit: 's', pairs: pairsOf(rounds, (round) => round.ended) },
      ],
    };
  } finally {
    await server.stop();
  }
}

/** A kind of worker, and the same three stages as it runs them; the second holds until `file` is there. */
interface Subject {
  readonly name: string;
  readonly file: string;
  readonly held: Runnable;
  /** One stage that does nothing: the first thing a worker is seen to do. */
  readonly probe: Runnable;
  startWorker(): ChildProcess;
}

function gantrySubject({ env }: BenchContext, server: BenchServer, directory: string): Subject {
  const taskQueue = 'engine';
  const file = join(directory, 'engine-goes-on');
  const where = { client: server.client, taskQueue, searchable: true };
  const { address } = server;
  const target = { address, namespace: 'default', taskQueue, source: 'bench', connection: {} };
  const workerEnv = workerEnvironment({ ...env, GANTRY_LOG_LEVEL: 'error' }, { home: join(directory, 'home'), target });
  return {
    name: 'gantry',
    file,
    held: asPipeline({ commands: ['true', waitFor(file), 'true'], worktree: false }, where),
    probe: asPipeline({ commands: ['true'], worktree: false }, where),
    startWorker: () => spawn(process.execPath, [workerProgram()], { env: workerEnv, stdio: 'ignore' }),
  };
}

function naiveSubject(
  { env }: BenchContext,
  server: BenchServer,
  directory: string,
  heartbeatTimeoutMs: number,
): Subject {
  const taskQueue = 'naive';
  const file = join(directory, 'naive-goes-on');
  const where = { client: server.client, taskQueue, searchable: true };
  const program = join(__dirname, 'naive-worker-process.js');
  return {
    name: 'library defaults',
    file,
    held: asHandWritten({ commands: ['true', waitFor(file), 'true'], worktree: false }, where, heartbeatTimeoutMs),
    probe: asHandWritten({ commands: ['true'], worktree: false }, where),
    startWorker: () =>
      spawn(process.execPath, [program, server.address, taskQueue], { env: { ...env }, stdio: 'ignore' }),
  };
}

function waitFor(file: string): string {
  return `while [ ! -e '${file}' ]; do sleep 0.05; done`;
}

/** Seconds from the restart until a first task is done, and from the kill until the work is taken up and the run ends. */
async function killAndRestart({ name, file, held, probe, startWorker }: Subject, { say }: BenchContext) {
  say(`recovery: ${name}`);
  rmSync(file, { force: true });
  const first = startWorker();
  let second: ChildProcess | undefined;
  try {
    const handle = await startRun(held);
    await untilAttempt(handle, 1);
    await sleep(INTO_THE_STAGE_MS);
    const killed = performance.now();
    await kill(first);
    const restarted = performance.now();
    second = startWorker();
    const served = startRun(probe)
      .then((run) => run.result())
      .then(() => performance.now());
    await untilAttempt(handle, 2);
    const takenUp = performance.now();
    writeFileSync(file, '');
    await handle.result();
    const ended = performance.now();
    return {
      serving: ((await served) - restarted) / 1_000,
      takenUp: (takenUp - killed) / 1_000,
      ended: (ended - killed) / 1_000,
    };
  } finally {
    // What a killed worker left behind ends by itself, once the file is there.
    writeFileSync(file, '');
    await kill(first);
    if (second !== undefined) await kill(second);
  }
}

/** Until the held stage's activity is at work for the so-manieth time. */
async function untilAttempt(handle: WorkflowHandle, attempt: number): Promise<void> {
  for (const deadline = performance.now() + GIVE_UP_MS; performance.now() < deadline; await sleep(20)) {
    const { raw } = await handle.describe();
    const held = raw.pendingActivities?.find(({ activityId }) => activityId === HELD_ACTIVITY);
    if (Number(held?.state) === STARTED && (held?.attempt ?? 0) >= attempt) return;
  }
  throw new Error(`The held stage was not at work for attempt ${attempt} within ${GIVE_UP_MS / 1_000} s.`);
}

/** Activities are numbered in the order a workflow schedules them. */
const HELD_ACTIVITY = '2';
/** temporal.api.enums.v1.PendingActivityState */
const STARTED = 2;

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
