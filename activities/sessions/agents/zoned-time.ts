/** What a clock on the wall shows. Months count from 1. */
export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** What clocks of a time zone show at a moment; undefined for a zone that nobody knows. */
export function wallClock(epochMs: number, zone: string): WallClock | undefined {
  const format = formatOf(zone);
  if (!format) return undefined;
  const parts = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, day, hour, minute, second };
}

/**
 * The moment at which clocks of a known time zone show this. Of a time that comes twice, or never, because the clocks
 * are changed, it is a moment within an hour of it.
 */
export function toEpoch(wall: WallClock, zone: string): number {
  const asUtc = utc(wall);
  const guess = asUtc - offsetAt(asUtc, zone);
  return asUtc - offsetAt(guess, zone);
}

function offsetAt(epochMs: number, zone: string): number {
  const shown = wallClock(epochMs, zone);
  return shown === undefined ? 0 : utc(shown) - Math.floor(epochMs / 1000) * 1000;
}

function utc({ year, month, day, hour, minute, second }: WallClock): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      ...({ year: 'numeric', month: 'numeric', day: 'numeric' } as const),
      ...({ hour: 'numeric', minute: 'numeric', second: 'numeric' } as const),
    });
  } catch {
    return undefined;
  }
}
