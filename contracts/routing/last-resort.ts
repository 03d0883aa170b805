import type { RouteRequest } from '../models';
import type { RouteFacts } from './facts';
import type { Judged } from './judge';
import { namedBy, type Named } from './names';

/** Who the configuration names for when nobody else answers in time. */
export function lastResortOf({ config }: Pick<RouteFacts, 'config'>): Named {
  return config.lastResort === undefined ? { candidates: [], nobody: [] } : namedBy(config, [config.lastResort]);
}

/**
 * Does nobody of these take the request in time? What is forbidden, too long or too dear stays so: a last resort is for
 * providers that are out of order, and is no way round a rule.
 */
export function isForsaken(judged: readonly Judged[], { waitsUntil = 0 }: RouteRequest): boolean {
  let isOutOfOrder = false;
  for (const one of judged) {
    if (one.admitted || (one.no.retryAt ?? Infinity) <= waitsUntil) return false;
    isOutOfOrder ||= one.no.kind === 'breaker' || one.no.kind === 'tried';
  }
  return isOutOfOrder;
}
