import { join } from 'node:path';
import { SERVER_SETTINGS } from '../client/server/settings';
import type { BenchContext } from './benchmark';
import type { Figure, Report } from './figures';
import { pairsOf, takeTurns } from './rounds';
import { measureRuns, measureThroughput, type Runnable } from './runs';
import { startBenchServer } from './server-process';
import { startWorker, type BenchWorker } from './worker';
import { asHandWritten, asPipeline, nothing, type Workload } from './workload';

const WORKLOADS: readonly (Workload & { readonly name: string })[] = [
  { name: '5 stages', commands: nothing(5), worktree: false },
  { name: '15 stages', commands: nothing(15), worktree: false },
  { name: '5 stages in a worktree', commands: nothing(5), worktree: true },
];

/** What the engine costs over a workflow written by hand: same activities, same server, a worker each. */
export async function benchPipelines(context: BenchContext): Promise<Report> {
  const directory = join(context.directory, 'pipelines');
  const server = await startBenchServer({ ...context, directory, settings: SERVER_SETTINGS });
  const { address, client } = server;
  const { gantry, handWritten } = context.bundles;
  const engine = startWorker({ address, taskQueue: 'engine', workflowBundle: gantry });
  const byHand = startWorker({ address, taskQueue: 'by-hand', workflowBundle: handWritten });
  try {
    const figures: Figure[] = [];
    for (const { name, ...workload } of WORKLOADS) {
      context.say(`pipelines: ${name}`);
      const ours = asPipeline(workload, { client, taskQueue: engine.taskQueue, searchable: true });
      const theirs = asHandWritten(workload, { client, taskQueue: byHand.taskQueue, searchable: true });
      figures.push(
        ...(await compare(name, { runnable: ours, worker: engine }, { runnable: theirs, worker: byHand }, context)),
      );
    }
    return {
      benchmark: 'pipelines',
      ours: 'a pipeline of stages that do nothing, one run after another',
      theirs: 'a workflow written for the same activities, on the same server with an equal worker',
      figures,
    };
  } finally {
    await Promise.all([engine.stop(), byHand.stop()]);
    await server.stop();
  }
}

interface Side {
  readonly runnable: Runnable;
  readonly worker: BenchWorker;
}

async function compare(name: string, ours: Side, theirs: Side, { quick }: BenchContext): Promise<Figure[]> {
  const runs = quick ? 5 : 20;
  // The first runs pay for code that is not compiled yet, and for the servers' burst allowances.
  await Promise.all([measureRuns(ours.runnable, 10), measureRuns(theirs.runnable, 10)]);
  const rounds = await takeTurns(
    quick ? 2 : 8,
    () => measure(ours, runs),
    () => measure(theirs, runs),
  );
  const atOnce = await takeTurns(
    quick ? 1 : 4,
    () => measureThroughput(ours.runnable, quick ? 20 : 60, 20),
    () => measureThroughput(theirs.runnable, quick ? 20 : 60, 20),
  );
  return [
    { name: `${name}: wall time`, unit: 'ms', target: 1.1, pairs: pairsOf(rounds, (round) => round.wallMs) },
    { name: `${name}: history events`, unit: 'events', target: 1.1, pairs: pairsOf(rounds, (round) => round.events) },
    { name: `${name}: worker CPU`, unit: 'ms', target: 1.2, pairs: pairsOf(rounds, (round) => round.cpuMs) },
    { name: `${name}: 20 at once, runs`, unit: '/s', pairs: pairsOf(atOnce, (perSecond) => perSecond) },
  ];
}

/** One round of one side: CPU time is the worker's for one run, idle polling in it. */
async function measure({ runnable, worker }: Side, runs: number) {
  const before = await worker.cpuMs();
  const measured = await measureRuns(runnable, runs);
  return { ...measured, cpuMs: ((await worker.cpuMs()) - before) / runs };
}
