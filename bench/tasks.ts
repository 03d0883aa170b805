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
      ours: `several workers with 10 calls at a time, a model that takes ${MODEL_MS / 1_000} s; one durable completion`,
      theirs: 'one such worker; a hand-written workflow with one activity that asks the same model',
      figures: [...(await scaling(context, server, upstream)), await oneCall(context, server, upstream)],
    };
  } finally {
    await upstream.close();
    await server.stop();
  }
}

async function scaling(context: BenchContext, server: BenchServer, upstream: BenchUpstream): Promise<Figure[]> {
  upstream.latencyMs = MODEL_MS;
  const requests = context.quick ? 150 : 600;
  const rounds = context.quick ? 1 : 2;
  const single: number[] = [];
  for (let round = 0; round < rounds; round += 1) single.push(await throughput(context, server, upstream, 1, requests));
  const figures: Figure[] = [];
  for (const { workers, atLeast } of STEPS) {
    const pairs = [];
    for (const theirs of single)
      pairs.push({ ours: await throughput(context, server, upstream, workers, requests), theirs });
    figures.push({ name: `${workers} workers · completions`, unit: '/s', pairs, atLeast });
  }
  return figures;
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

async function oneCall(context: BenchContext, server: BenchServer, upstream: BenchUpstream): Promise<Figure> {
  context.say('tasks: one durable completion after the other');
  upstream.latencyMs = 0;
  const [ours, theirs] = [1, 2].map(() => new BenchPool(context, server.address, server.client, upstream.url));
  if (ours === undefined || theirs === undefined) throw new Error('There are two sides.');
  const calls = context.quick ? 10 : 40;
  try {
    await Promise.all([ours.start(['runs,models']), theirs.startBare()]);
    await ours.ask(1);
    const medianOf = async (ask: () => Promise<number>): Promise<number> => {
      const seconds: number[] = [];
      for (let call = 0; call < calls; call += 1) seconds.push(await ask());
      return median(seconds) * 1_000;
    };
    const measured = await takeTurns(
      context.quick ? 2 : 6,
      () => medianOf(() => ours.ask(1)),
      () => medianOf(() => theirs.askBare()),
    );
    return { name: 'one completion, durably', unit: 'ms', pairs: pairsOf(measured, (ms) => ms) };
  } finally {
    await Promise.all([ours.stop(), theirs.stop()]);
  }
}
