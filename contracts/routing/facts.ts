import type { Standing } from '../breakers';
import type { ModelConfig } from '../config/model-config';
import type { Trial } from '../models';
import type { PriceBook } from '../prices';
import type { Profile } from '../profiles';

/** What a route is chosen by, beside the request. */
export interface RouteFacts {
  readonly config: Pick<
    ModelConfig,
    'providers' | 'leftOut' | 'chains' | 'routes' | 'experiments' | 'policies' | 'budgets' | 'lastResort'
  >;
  /** By name of the breaker: a provider, or `provider/model`. Absent: closed. */
  readonly standings: ReadonlyMap<string, Standing>;
  readonly profiles: readonly Profile[];
  readonly prices: PriceBook;
  readonly trials: readonly Trial[];
  /** Only these may be asked: what a gateway's key allows. */
  readonly allowed?: readonly string[];
  /** The budget has nothing left: only who costs nothing may be asked. */
  readonly freeOnly?: boolean;
  readonly now: number;
}
