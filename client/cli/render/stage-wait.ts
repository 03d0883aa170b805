import type { StageWait } from '../../sessions/stage-wait';
import { formatDuration } from '../../../contracts/duration';
import { about, moment, ordinal } from './figures';
import { harmless } from './paint';

/** `3rd of 5 in queue, about 2 min (codex busy 3/3); claude is asked too in 1m 20s`. */
export function renderStageWait(
  { place, load, closed, next }: StageWait,
  { at, timeZone }: { readonly at: number; readonly timeZone?: string },
): string {
  const where = place === undefined ? 'in queue' : `${ordinal(place.place)} of ${place.of} in queue`;
  const when = place?.aboutMs === undefined ? '' : `, ${about(place.aboutMs)}`;
  const until = closed?.until === undefined ? '' : ` until ${moment(closed.until, at, timeZone)}`;
  const why =
    closed !== undefined
      ? ` (${closed.pool} closed${until}: ${harmless(closed.why)})`
      : load === undefined
        ? ''
        : load.unserved
          ? ` (no host serves ${load.pool})`
          : ` (${load.pool} busy ${load.busy}/${load.of})`;
  const then =
    next === undefined
      ? ''
      : `; ${next.pool} is asked too ${next.inMs < 1_000 ? 'now' : `in ${formatDuration(next.inMs)}`}`;
  return `${where}${when}${why}${then}`;
}
