import { CancelledFailure, condition } from '@temporalio/workflow';
import type { AgentStage } from '../../../contracts/definition';
import type { Lease, ReserveInput } from '../../../contracts/sessions';
import type { QueuePlace } from '../../../contracts/run';
import type { Work } from '../stages/work-item';
import { ClosedPools } from './closed-pools';
import { giveBack } from './give-back';
import { HeldPlaces } from './held-places';
import { hasPoolsToJoin, nextMove } from './next-move';

export interface Wanted {
  readonly dispatchId: string;
  /** The session that knows the conversation so far. */
  readonly prefer?: ReserveInput['prefer'];
  /** When the attempt began to wait: a lease that lapsed costs its prompt no age. */
  readonly since: number;
  /** How many places the dispatch has had in each pool. */
  readonly joined: Map<string, number>;
}

/**
 * Wait in the queues of the stage's pools until one gives a session. A paused run waits in none, so that nothing is
 * sent; one that must make way puts its prompt down as it is, with the time it has waited.
 */
export async function leaseSession(
  work: Work<AgentStage>,
  { dispatchId, prefer, since, joined }: Wanted,
): Promise<Lease> {
  const { run, key } = work;
  const before = run.record(key).waitsIn ?? [];
  const queue = new HeldPlaces(run, key, dispatchId, prefer, joined);
  let leased = false;
  try {
    refuseToWait(work);
    run.apply({ type: 'prompt.waits', key });
    const lease = await firstLease(work, queue, since, before);
    leased = true;
    run.apply({ type: 'prompt.leased', key, lease, waitedMs: Date.now() - since });
    return lease;
  } finally {
    queue.end();
    if (!leased && queue.lease !== undefined) giveBack(run, key, queue.lease);
  }
}

async function firstLease(
  work: Work<AgentStage>,
  queue: HeldPlaces,
  since: number,
  before: readonly QueuePlace[],
): Promise<Lease> {
  const { run, key, stage } = work;
  const closed = new ClosedPools(work);
  for (;;) {
    if (queue.lease !== undefined) return queue.lease;
    if (queue.failure !== undefined) throw queue.failure;
    refuseToWait(work);
    if (run.state.paused) {
      for (const place of queue.places) queue.leave(place);
      await condition(() => !run.state.paused || run.mustPark);
      continue;
    }
    const waiting = { chain: stage.pools, places: queue.places };
    const mayJoin = stage.pools.length > 1 && hasPoolsToJoin(waiting);
    if (mayJoin && closed.lookAt <= Date.now()) {
      await closed.look();
      continue;
    }
    const { priority } = run.state;
    const move = nextMove(
      {
        ...waiting,
        waitMs: stage.waitMs,
        priority,
        agingMs: run.limits.agingMs,
        since,
        closed: closed.known,
      },
      Date.now(),
    );
    if (move.do === 'join') queue.join(asBefore(move.place, before), move.because);
    else if (move.do === 'leave') queue.leave(move.place);
    else {
      const until = Math.min(move.until ?? Infinity, mayJoin ? closed.lookAt : Infinity);
      const happened = (): boolean =>
        queue.lease !== undefined ||
        queue.failure !== undefined ||
        run.state.priority !== priority ||
        run.state.paused ||
        run.mustPark;
      if (until === Infinity) await condition(happened);
      else
        await condition(happened, Math.max(until - Date.now(), 1), { summary: `${key}: look at its places in queues` });
    }
  }
}

/** A prompt that was put down and is taken up again has waited in a pool since it first joined it. */
function asBefore(place: QueuePlace, before: readonly QueuePlace[]): QueuePlace {
  const since = before.filter(({ pool }) => pool === place.pool).map((one) => one.since);
  return { ...place, since: Math.min(place.since, ...since) };
}

function refuseToWait({ run, key }: Work): void {
  if (run.mustPark) throw new CancelledFailure(`${key} is put down before its prompt was sent`);
}
