import type { AgentStage } from '../../contracts/definition';
import type { QueuePlace, RunRef, StageRecord } from '../../contracts/run';
import type { PoolQueue, QueueReport } from './queue-report';

/** How a stage's prompt waits, in the queue where its turn comes first. Times are milliseconds. */
export interface StageWait {
  readonly pools: readonly string[];
  readonly waitedMs: number;
  readonly place?: {
    readonly pool: string;
    readonly place: number;
    readonly of: number;
    readonly aboutMs?: number;
  };
  /** Its sessions, where its turn comes first. */
  readonly load?: { readonly pool: string; readonly busy: number; readonly of: number; readonly unserved: boolean };
  readonly closed?: { readonly pool: string; readonly why: string; readonly until?: number };
  /** The pool that is asked too, and in how long. */
  readonly next?: { readonly pool: string; readonly inMs: number };
}

/** Pure; undefined for a stage whose prompt does not wait. */
export function stageWait(
  run: RunRef,
  record: StageRecord,
  at: number,
  known: { readonly queue?: QueueReport; readonly stage?: Pick<AgentStage, 'pools' | 'waitMs'> } = {},
): StageWait | undefined {
  const places = record.waitsIn ?? [];
  if (places.length === 0) return undefined;
  const pools = [...new Set(places.map(({ pool }) => pool))];
  const first = bestOf(
    pools.flatMap((pool) => known.queue?.pools.filter((one) => one.pool === pool) ?? []),
    run,
    record,
  );
  const own = first && ownPlace(first, run, record);
  const next = known.stage && nextPool(places, known.stage, at);
  return {
    pools,
    waitedMs: Math.max(0, at - Math.min(...places.map(({ since }) => since))),
    ...(first && own && { place: placeIn(first, own) }),
    ...(first && {
      load: { pool: first.pool, busy: first.sessions.busy, of: first.sessions.of, unserved: first.hosts.length === 0 },
    }),
    ...(first?.closed && { closed: { pool: first.pool, ...first.closed } }),
    ...(next && { next }),
  };
}

function placeIn({ pool, depth }: PoolQueue, { place, aboutMs }: PoolQueue['order'][number]) {
  return { pool, place, of: depth, ...(aboutMs !== undefined && { aboutMs }) };
}

function ownPlace({ order }: PoolQueue, run: RunRef, { key }: StageRecord): PoolQueue['order'][number] | undefined {
  const own = order.filter((one) => one.run.project === run.project && one.run.runId === run.runId);
  return own.find(({ stage }) => stage === key) ?? own.find(({ stage }) => stage === undefined);
}

/** Where its turn comes first, as far as anybody can tell. */
function bestOf(queues: readonly PoolQueue[], run: RunRef, record: StageRecord): PoolQueue | undefined {
  const about = (queue: PoolQueue) => ownPlace(queue, run, record)?.aboutMs ?? Infinity;
  return [...queues].sort((a, b) => compare(about(a), about(b)))[0];
}

/** Infinity less itself is no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** The next of its chain joins once the one before it has been waited in for long enough. */
function nextPool(
  places: readonly QueuePlace[],
  { pools, waitMs }: Pick<AgentStage, 'pools' | 'waitMs'>,
  at: number,
): StageWait['next'] {
  const sinceOf = (pool: string) => {
    const since = places.filter((one) => one.pool === pool).map((one) => one.since);
    return since.length === 0 ? undefined : Math.min(...since);
  };
  const index = pools.findIndex((pool) => sinceOf(pool) === undefined);
  const before = index < 1 ? undefined : sinceOf(pools[index - 1]!);
  return before === undefined ? undefined : { pool: pools[index]!, inMs: Math.max(0, before + waitMs - at) };
}
