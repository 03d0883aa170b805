import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { leaseId, type StageKey } from '../../../contracts/ids';
import type { QueuePlace } from '../../../contracts/run';
import type { Lease, ReserveInput } from '../../../contracts/sessions';
import type { RunContext } from '../run-context';
import { queueOf } from './activities';
import { giveBack } from './give-back';

/**
 * The places a prompt holds in queues, and the first lease that comes of them. Every lease beyond the first, and one
 * that comes when none is wanted, is given back.
 */
export class HeldPlaces {
  lease: Lease | undefined;
  /** Why no place can be held any more: a queue's own failure, which is tried again for ever, is none. */
  failure: Error | undefined;
  private readonly held = new Map<QueuePlace, CancellationScope>();
  private unsettled = 0;
  private over = false;

  constructor(
    private readonly run: RunContext,
    private readonly key: StageKey,
    private readonly dispatchId: string,
    private readonly prefer: ReserveInput['prefer'],
    /** How many places the dispatch has had in each pool: every one has an id of its own. */
    private readonly joined: Map<string, number>,
  ) {}

  get places(): QueuePlace[] {
    return [...this.held.keys()];
  }

  join(place: QueuePlace, because?: string): void {
    const { run, key } = this;
    const scope = new CancellationScope();
    this.held.set(place, scope);
    this.unsettled += 1;
    run.apply({ type: 'place.joined', key, place, ...(because === undefined ? {} : { because }) });
    void scope
      .run(() => this.reserve(place))
      .then(
        (lease) => this.settle(place, () => this.take(lease)),
        (error: unknown) => this.settle(place, (isHeld) => this.fail(error, isHeld)),
      );
  }

  leave(place: QueuePlace): void {
    this.held.get(place)?.cancel();
    this.held.delete(place);
    this.run.apply({ type: 'place.left', key: this.key, place });
  }

  /** No lease is wanted any more: all places are left, and what still comes of them is given back. */
  end(): void {
    this.over = true;
    for (const scope of this.held.values()) scope.cancel();
    this.held.clear();
    if (this.unsettled > 0) this.run.aside(() => condition(() => this.unsettled === 0));
  }

  private reserve(place: QueuePlace): Promise<Lease> {
    const { run, key, dispatchId, prefer } = this;
    const { pool } = place;
    const number = (this.joined.get(pool) ?? 0) + 1;
    this.joined.set(pool, number);
    const { reserveSession } = queueOf(run, place, `${key}: wait for a session of ${pool}`);
    return reserveSession({
      run: run.input.run,
      stage: key,
      dispatchId,
      pool,
      leaseId: leaseId(dispatchId, pool, number),
      ...(prefer === undefined ? {} : { prefer }),
    });
  }

  private settle(place: QueuePlace, take: (isHeld: boolean) => void): void {
    this.unsettled -= 1;
    const isHeld = this.held.delete(place);
    take(isHeld);
    if (isHeld && this.lease === undefined) this.run.apply({ type: 'place.left', key: this.key, place });
  }

  private take(lease: Lease): void {
    if (this.lease === undefined && !this.over && !this.run.state.paused) this.lease = lease;
    else giveBack(this.run, this.key, lease);
  }

  private fail(error: unknown, isHeld: boolean): void {
    // A place that was left may end in any way.
    if (isHeld && !isCancellation(error)) this.failure = error instanceof Error ? error : new Error(String(error));
  }
}
