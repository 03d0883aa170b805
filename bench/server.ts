import { join } from 'node:path';
import { SERVER_SETTINGS } from '../client/server/settings';
import type { BenchContext } from './benchmark';
import type { Figure, Report } from './figures';
import { pairsOf, takeTurns } from './rounds';
import { measureRuns, measureThroughput } from './runs';
import { startBenchServer, type BenchServerOptions } from './server-process';
import { startWorker } from './worker';
import { asHandWritten, nothing } from './workload';

/** The server as `gantry dev` starts it against the same program as it comes, both on an SQLite file. */
export async function benchServer(context: BenchContext): Promise<Report> {
  context.say('server: 5 hand-written steps on either');
  const figures = await compareServers(
    context,
    { ...context, directory: join(context.directory, 'server-ours'), settings: SERVER_SETTINGS },
    { ...context, directory: join(context.directory, 'server-defaults') },
    context.quick ? { rounds: 2, runs: 5 } : { rounds: 8, runs: 20 },
  );
  return {
    benchmark: 'server',
    ours: 'the server as `gantry dev` starts it, 5 hand-written steps',
    theirs: "the Temporal CLI's defaults with an SQLite file, the same workflow and worker",
    figures: figures.map((figure) =>
      figure.unit === 'ms' && /wall/.test(figure.name) ? { ...figure, target: 0.3, aim: 0.25 } : figure,
    ),
  };
}

/** The same small workflow on two servers in turns: time, the server's CPU, and how many it can do. */
export async function compareServers(
  context: BenchContext,
  ours: BenchServerOptions,
  theirs: BenchServerOptions,
  size: { readonly rounds: number; readonly runs: number },
): Promise<Figure[]> {
  const sides = await Promise.all([openSide(context, ours), openSide(context, theirs)]);
  const [one, other] = sides;
  try {
    // Past the burst that a server's limits allow at first.
    await Promise.all(sides.map(({ runnable }) => measureRuns(runnable, 15)));
    const rounds = await takeTurns(
      size.rounds,
      () => measure(one, size.runs),
      () => measure(other, size.runs),
    );
    const atOnce = await takeTurns(
      Math.ceil(size.rounds / 2),
      () => measureThroughput(one.runnable, size.runs * 3, 20),
      () => measureThroughput(other.runnable, size.runs * 3, 20),
    );
    return [
      { name: '5 steps: wall time', unit: 'ms', pairs: pairsOf(rounds, (round) => round.wallMs) },
      { name: '5 steps: server CPU', unit: 'ms', pairs: pairsOf(rounds, (round) => round.cpuMs) },
      { name: '5 steps: 20 at once, runs', unit: '/s', pairs: pairsOf(atOnce, (perSecond) => perSecond) },
    ];
  } finally {
    await Promise.all(sides.map(({ close }) => close()));
  }
}

type Side = Awaited<ReturnType<typeof openSide>>;

async function openSide({ bundles }: BenchContext, options: BenchServerOptions) {
  const server = await startBenchServer(options);
  const worker = startWorker({ address: server.address, taskQueue: 'bench', workflowBundle: bundles.handWritten });
  const where = { client: server.client, taskQueue: worker.taskQueue, searchable: options.settings !== undefined };
  return {
    server,
    runnable: asHandWritten({ commands: nothing(5), worktree: false }, where),
    close: async () => {
      await worker.stop();
      await server.stop();
    },
  };
}

async function measure({ server, runnable }: Side, runs: number) {
  const before = server.cpuMs() ?? NaN;
  const { wallMs } = await measureRuns(runnable, runs);
  return { wallMs, cpuMs: ((server.cpuMs() ?? NaN) - before) / runs };
}
