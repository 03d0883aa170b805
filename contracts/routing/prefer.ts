import { formatDuration } from '../duration';
import { formatMoney } from '../money';
import type { Preference } from '../schemas/config/routes';
import type { Weighed } from './weigh';

/** How far in front a candidate stands by a preference: smaller is better, unknown is last. */
export interface Liking {
  readonly rank: number;
  /** Absent where the order of the names decides. */
  readonly reason?: string;
}

/** By what candidates are ordered; those it likes alike keep the order in which they were named. */
export function likingBy(preference: Preference, all: readonly Weighed[]): (one: Weighed) => Liking {
  switch (preference) {
    case 'order':
      return ({ place }) => ({ rank: place });
    case 'cost':
      return likingByCost(all);
    case 'latency':
      return ({ profile }) => {
        if (profile?.latencyMs === undefined) return unknown('how fast it answers');
        return {
          rank: profile.latencyMs,
          reason: `answers in ${formatDuration(profile.latencyMs)}${learned(profile)}`,
        };
      };
    case 'quality':
      return ({ profile }) => {
        if (profile?.quality === undefined) return unknown('how good its answers are');
        const percent = Math.round(profile.quality * 100);
        return { rank: -profile.quality, reason: `quality ${percent} %${learned(profile)}` };
      };
  }
}

/**
 * What was learned is an average and an estimate is the most that a call may cost: the two are never compared, so
 * what was learned counts only where it is known of all that have a price.
 */
function likingByCost(all: readonly Weighed[]): (one: Weighed) => Liking {
  const priced = all.filter(({ free, estimateNano }) => !free && estimateNano !== undefined);
  const byAverage = priced.every(({ profile }) => profile?.costNano !== undefined);
  return ({ free, estimateNano, profile }) => {
    if (free) return { rank: 0, reason: 'costs nothing' };
    if (estimateNano === undefined) return unknown('its price');
    if (byAverage && profile?.costNano !== undefined) {
      return { rank: profile.costNano, reason: `costs ${formatMoney(profile.costNano)} a call${learned(profile)}` };
    }
    return { rank: estimateNano, reason: `costs ${formatMoney(estimateNano)} at most, by its price` };
  };
}

function unknown(what: string): Liking {
  return { rank: Infinity, reason: `nobody knows ${what} yet` };
}

function learned({ calls }: { readonly calls: number }): string {
  return `, learned from ${calls} calls`;
}
