import { join } from 'node:path';
import { SERVER_SETTINGS } from '../client/server/settings';
import type { BenchContext } from './benchmark';
import { median, type Figure, type Report } from './figures';
import { pairsOf, takeTurns } from './rounds';
import { startBenchServer, type BenchServer } from './server-process';
import { BenchPool } from './tasks/pool';
import { startUpstream, type BenchUpstream } from './tasks/upstream';

/** How many workers, and the throughput to reach over that of one. */
const STEPS = [
  { workers: 2, atLeast: 1.9 },
  { workers: 3, atLeast: 2.85 },
  { workers: 5, atLeast: 4.5 },
] as const;

/** Of a durable completion over a hand-written one. */
const DURABLE = 1.1;
/** The first are slower: code is compiled, money is drawn. */
const WARM_UP = 10;

/** As long as a small model takes. */
const MODEL_MS = 1_500;

/** Calls of models by one worker and by several; and what it costs that a single call is durable. */
export async function benchTasks(context: BenchContext): Promise<Report> {
  const settings = SERVER_SETTINGS;
  const server = await startBenchServer({ ...context, directory: join(context.directory, 'tasks'), settings });
  const upstream = await startUpstream();
  try {
    return {
      benchmark: 'tasks',
      ours:
        `several workers with 10 calls at a time, a model that takes ${MODEL_MS / 1_000} s; ` +
        'one durable completion, routed, admitted by its breaker and paid from a budget',
      theirs:
        'one such worker; a hand-written workflow with one activity that asks the same model and does nothing else',
      figures: [...(await scaling(context, server, upstream)), ...(await oneCall(context, server, upstream))],
    };
  } finally {
    await upstream.close();
    await server.stop();
  }
}

async function scaling(context: BenchContext, server: BenchServer, upstream: BenchUpstream): Promise<Figure[]> {
  upstream.latencyMs = MODEL_MS;
  const requests = context.quick ? 150 : 600;
  const rounds: ReadonlyMap<number, number>[] = [];
  for (let round = 0; round < (context.quick ? 1 : 2); round += 1) {
    const perSecond = new Map<number, number>();
    for (const workers of [1, ...STEPS.map((step) => step.workers)]) {
      perSecond.set(workers, await throughput(context, server, upstream, workers, requests));
    }
    rounds.push(perSecond);
  }
  return STEPS.map(({ workers, atLeast }) => ({
    name: `${workers} workers: completions`,
    unit: '/s',
    pairs: rounds.map((round) => ({ ours: round.get(workers) ?? NaN, theirs: round.get(1) ?? NaN })),
    atLeast,
  }));
}

async function throughput(
  context: BenchContext,
  { address, client }: BenchServer,
  { url }: BenchUpstream,
  workers: number,
  requests: number,
): Promise<number> {
  context.say(`tasks: ${requests} completions by ${workers} worker${workers === 1 ? '' : 's'}`);
  const pool = new BenchPool(context, address, client, url);
  try {
    await pool.start(['runs', ...Array.from({ length: workers }, () => 'models')]);
    // The first of all is slower: connections are made, code is compiled.
    await pool.ask(workers * 10);
    return requests / (await pool.ask(requests));
  } finally {
    await pool.stop();
  }
}

async function oneCall(context: BenchContext, server: BenchServer, upstream: BenchUpstream): Promise<Figure[]> {
  context.say('tasks: one durable completion after the other');
  upstream.latencyMs = 0;
  const [ours, theirs] = [1, 2].map(() => new BenchPool(context, server.address, server.client, upstream.url));
  if (ours === undefined || theirs === undefined) throw new Error('There are two sides.');
  const calls = context.quick ? 10 : 40;
  try {
    await Promise.all([ours.start(['runs,models']), theirs.startBare()]);
    for (let call = 0; call < WARM_UP; call += 1) await Promise.all([ours.ask(1), theirs.askBare()]);
    const measured = await takeTurns(
      context.quick ? 2 : 8,
      async () => {
        const answer = await measure(server, ours, calls, () => ours.askOne());
        return { answer, end: await measure(server, ours, calls, () => ours.ask(1)) };
      },
      async () => {
        const bare = await measure(server, theirs, calls, () => theirs.askBare());
        return { answer: bare, end: bare };
      },
    );
    return [
      {
        name: 'one completion: until its answer',
        unit: 'ms',
        pairs: pairsOf(measured, ({ answer }) => answer.ms),
        target: DURABLE,
      },
      {
        name: 'one completion: until its task has ended',
        unit: 'ms',
        pairs: pairsOf(measured, ({ end }) => end.ms),
        target: DURABLE,
      },
      {
        name: 'one completion: CPU of server and worker',
        unit: 'ms',
        pairs: pairsOf(measured, ({ end }) => end.cpuMs),
      },
    ];
  } finally {
    await Promise.all([ours.stop(), theirs.stop()]);
  }
}

/** The median of some calls, and the CPU time of each: NaN where the system does not tell. */
async function measure(server: BenchServer, pool: BenchPool, calls: number, ask: () => Promise<number>) {
  const cpuMs = (): number => (server.cpuMs() ?? NaN) + (pool.cpuMs() ?? NaN);
  const before = cpuMs();
  const seconds: number[] = [];
  for (let call = 0; call < calls; call += 1) seconds.push(await ask());
  return { ms: median(seconds) * 1_000, cpuMs: (cpuMs() - before) / calls };
}
