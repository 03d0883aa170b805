import type { RouteFacts } from '../../../contracts/routing/facts';
import type { PriceBook } from '../../../contracts/prices';
import type { BreakerPort, ProfilePort } from './ports';

/** What a model client works with. */
export interface ModelClientPorts {
  readonly config: RouteFacts['config'];
  readonly breakers: BreakerPort;
  readonly prices: PriceBook;
  readonly profiles: ProfilePort;
  /** Takes known secrets out of what providers say of a failure. */
  readonly redact: (text: string) => string;
}
