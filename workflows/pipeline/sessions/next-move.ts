// Where a prompt waits: in the queues of which pools, and at which priority. Pure: the caller passes workflow time,
// makes the moves and says what came of them.
//
// Q1. A prompt waits in the queue of the first open pool of its chain from the start.
// Q2. The next open pool is joined once the one before it has been waited in for `waitMs`: the order of the chain is kept.
// Q3. A closed pool is passed over until it opens. When all are closed all are joined: whichever opens first serves it.
// Q4. A pool that closes later keeps its place: it counts again when the pool opens.
// Q5. Waiting makes a prompt more urgent, one level for each `agingMs`, up to the highest, so that nothing starves.
// Q6. A place is left only once the one that replaces it, at the priority of now, has been joined.
// Q7. A critical prompt also waits, wherever it waits, for the sessions kept free for critical work. Age makes none
//     critical: those sessions would not be free any more.

import type { ClosedPool } from '../../../contracts/activities';
import { formatDuration } from '../../../contracts/duration';
import { CRITICAL_PRIORITY, PRIORITY, criticalPool } from '../../../contracts/priority';
import type { QueuePlace } from '../../../contracts/run';

export interface Waiting {
  /** In the order they are asked. */
  readonly chain: readonly string[];
  readonly waitMs: number;
  /** What people asked for; how urgent the prompt has become is counted from `since`. */
  readonly priority: number;
  readonly agingMs: number;
  readonly since: number;
  readonly closed: readonly ClosedPool[];
  /** In the order they were joined. */
  readonly places: readonly QueuePlace[];
}

export type Move =
  | { readonly do: 'join'; readonly place: QueuePlace; readonly because?: string }
  | { readonly do: 'leave'; readonly place: QueuePlace }
  /** Nothing to do before `until`; without it, until something happens. */
  | { readonly do: 'wait'; readonly until?: number };

export function nextMove(waiting: Waiting, now: number): Move {
  const priority = priorityNow(waiting, now);
  const due = duePools(waiting, now);
  const wanted = due.flatMap((pool) => (isCritical(waiting) ? [pool, criticalPool(pool)] : [pool]));
  const missing = wanted.find((pool) => !waiting.places.some((one) => isAt(one, pool, priority)));
  if (missing !== undefined) {
    const place = { pool: missing, priority, since: sinceOf(waiting, missing) ?? now };
    const because = reason(waiting, missing, now);
    return { do: 'join', place, ...(because === undefined ? {} : { because }) };
  }
  const old = waiting.places.find((one) => one.priority !== priority || !wanted.includes(one.pool));
  if (old !== undefined) return { do: 'leave', place: old };
  const until = nextChange(waiting, now);
  return { do: 'wait', ...(until === undefined ? {} : { until }) };
}

/** Is there a pool that was passed over, or whose turn has not come? Otherwise it does not matter which are closed. */
export function hasPoolsToJoin({ chain, places }: Pick<Waiting, 'chain' | 'places'>): boolean {
  return chain.some((pool) => !places.some((one) => one.pool === pool));
}

/** How urgent the prompt has become. */
export function priorityNow({ priority, since, agingMs }: Waiting, now: number): number {
  return Math.min(priority + levelsAged(since, agingMs, now), PRIORITY.highest);
}

function levelsAged(since: number, agingMs: number, now: number): number {
  return Math.max(Math.floor((now - since) / agingMs), 0);
}

function isCritical({ priority }: Waiting): boolean {
  return priority >= CRITICAL_PRIORITY;
}

function isAt(place: QueuePlace, pool: string, priority: number): boolean {
  return place.pool === pool && place.priority === priority;
}

/** Since when the prompt waits in a pool, at whatever priority. */
function sinceOf({ places }: Pick<Waiting, 'places'>, pool: string): number | undefined {
  const since = places.flatMap((one) => (one.pool === pool ? [one.since] : []));
  return since.length === 0 ? undefined : Math.min(...since);
}

function closureOf({ closed }: Waiting, pool: string, now: number): ClosedPool | undefined {
  return closed.find((one) => one.pool === pool && (one.until === undefined || one.until > now));
}

/** The pools of the chain that the prompt waits in already, or is to wait in now. */
function duePools(waiting: Waiting, now: number): string[] {
  const { chain } = waiting;
  const open = chain.filter((pool) => closureOf(waiting, pool, now) === undefined);
  if (open.length === 0) return [...chain];
  const turn = turnOf(waiting, open);
  const isDue = (pool: string): boolean => pool === turn?.pool && turn.at <= now;
  return chain.filter((pool) => sinceOf(waiting, pool) !== undefined || isDue(pool));
}

/** The first open pool that the prompt does not wait in yet, and when its turn comes. */
function turnOf(waiting: Waiting, open: readonly string[]): { readonly pool: string; readonly at: number } | undefined {
  const index = open.findIndex((pool) => sinceOf(waiting, pool) === undefined);
  if (index < 0) return undefined;
  const before = index === 0 ? undefined : sinceOf(waiting, open[index - 1]!);
  return { pool: open[index]!, at: before === undefined ? -Infinity : before + waiting.waitMs };
}

/** When time alone changes what {@link nextMove} says. */
function nextChange(waiting: Waiting, now: number): number | undefined {
  const { chain, since, agingMs } = waiting;
  const times: number[] = [];
  if (priorityNow(waiting, now) < PRIORITY.highest) times.push(since + (levelsAged(since, agingMs, now) + 1) * agingMs);
  if (hasPoolsToJoin(waiting)) {
    const turn = turnOf(
      waiting,
      chain.filter((pool) => closureOf(waiting, pool, now) === undefined),
    );
    if (turn !== undefined) times.push(turn.at);
    times.push(...chain.flatMap((pool) => closureOf(waiting, pool, now)?.until ?? []));
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Why a place is taken; undefined for the first, which needs no reason. */
function reason(waiting: Waiting, pool: string, now: number): string | undefined {
  const { chain, places } = waiting;
  const held = places.find((one) => one.pool === pool);
  const priority = priorityNow(waiting, now);
  if (held !== undefined) {
    const aged = priority > waiting.priority && priority > held.priority;
    return aged ? `it has waited for ${formatDuration(now - waiting.since)}` : `priority ${priority} was asked for`;
  }
  const index = chain.indexOf(pool);
  if (index < 0) return 'it is critical';
  const before = chain.slice(0, index);
  const closed = before.flatMap((one) => closureOf(waiting, one, now) ?? []);
  if (before.length > 0 && closed.length === before.length) {
    return closed.map((one) => `${one.pool} is closed: ${one.why}`).join('; ');
  }
  const last = before.findLast((one) => sinceOf(waiting, one) !== undefined);
  const since = last === undefined ? undefined : sinceOf(waiting, last);
  return since === undefined ? undefined : `${last} was busy for ${formatDuration(now - since)}`;
}
