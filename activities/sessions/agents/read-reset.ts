import { toEpoch, wallClock, type WallClock } from './zoned-time';

const DAY_MS = 86_400_000;
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^d/i, DAY_MS],
  [/^h/i, 3_600_000],
  [/^ms/i, 1],
  [/^m/i, 60_000],
  [/^s/i, 1_000],
];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** A date without its year is that of the next half year: an old message does not mean the next year. */
const FAR_MS = 183 * DAY_MS;

const SAYS = String.raw`(?:resets?|try again|retry|available again|renews?|lifted)`;
const AMOUNT = String.raw`\d+(?:\.\d+)?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|milliseconds?|ms|m|seconds?|secs?|s)\b`;
const SECONDS = /(?:\||\bresets?(?:_?at|_at)?\b"?\s*[:=]?\s*)(1\d{9})(?:\d{3})?(?![\d.])/i;
const RELATIVE = new RegExp(
  String.raw`${SAYS}\b[^.\n]{0,20}?\b(?:in|after)\s+(?:about\s+)?(${AMOUNT}(?:[\s,]*(?:and\s+)?${AMOUNT})*)`,
  'i',
);
const ISO = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?(?:\.\d+)?)\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?/i;
const DATE = String.raw`(?:(?<weekday>sun|mon|tue|wed|thu|fri|sat)[a-z]*|(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?<year>\d{4}))?)`;
const TIME = String.raw`(?<hour>\d{1,2})(?::(?<minute>\d\d))?(?: ?(?<half>[ap])\.?m\b\.?)?`;
const CLOCK = new RegExp(
  String.raw`${SAYS}\b(?: (?:at|on))?:? (?:${DATE}(?:,| at|, at)? (?:at )?)?${TIME}(?: ?(?:\((?<zone>[A-Za-z_]+(?:\/[A-Za-z_+\-0-9]+)*)\)|(?<utc>UTC|GMT)))?`,
  'i',
);

/**
 * When a limit is lifted, in epoch milliseconds, as an agent words it: `resets 7pm (Europe/Berlin)`, `try again in 3
 * hours 5 minutes`, `|1760000000`. Undefined where nothing is said, and for what is past. A time without a zone is
 * told in `zone`, that of the host and so of its agents.
 */
export function readReset(
  text: string,
  now: number,
  zone = Intl.DateTimeFormat().resolvedOptions().timeZone,
): number | undefined {
  const found = readSeconds(text) ?? readRelative(text, now) ?? readIso(text, zone) ?? readClock(text, now, zone);
  return found !== undefined && found > now ? found : undefined;
}

function readSeconds(text: string): number | undefined {
  const seconds = SECONDS.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function readRelative(text: string, now: number): number | undefined {
  const amounts = RELATIVE.exec(text)?.[1];
  if (amounts === undefined) return undefined;
  const parts = [...amounts.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)];
  const ms = parts.map(([, amount, unit]) => Number(amount) * (UNITS.find(([name]) => name.test(unit!))?.[1] ?? 0));
  return now + Math.ceil(ms.reduce((sum, part) => sum + part, 0));
}

function readIso(text: string, zone: string): number | undefined {
  const [, date, time, offset] = ISO.exec(text) ?? [];
  if (date === undefined) return undefined;
  if (offset !== undefined) return toNumber(Date.parse(`${date}T${time}${/^[zug]/i.test(offset) ? 'Z' : offset}`));
  const bare = toNumber(Date.parse(`${date}T${time}Z`));
  return bare === undefined ? undefined : toEpoch(wallClock(bare, 'UTC')!, zone);
}

function readClock(text: string, now: number, hostZone: string): number | undefined {
  const groups = CLOCK.exec(text)?.groups;
  if (!groups) return undefined;
  const { hour, minute, half, month, day, year, weekday, utc } = groups;
  if (minute === undefined && half === undefined) return undefined; // "resets 7" may be anything
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0);
  if (hours > 23 || Number(minute ?? 0) > 59) return undefined;
  const zone = utc === undefined ? (groups['zone'] ?? hostZone) : 'UTC';
  const today = wallClock(now, zone);
  if (!today) return undefined;
  const at = { ...today, hour: hours, minute: Number(minute ?? 0), second: 0 };
  if (month !== undefined) {
    const named = { ...at, month: MONTHS.indexOf(month.toLowerCase()) + 1, day: Number(day) };
    return nextYear(named, year === undefined ? undefined : Number(year), { now, zone });
  }
  return nextDay(at, weekday === undefined ? undefined : WEEKDAYS.indexOf(weekday.toLowerCase()), { now, zone });
}

interface When {
  readonly now: number;
  readonly zone: string;
}

function nextYear(at: WallClock, year: number | undefined, { now, zone }: When): number | undefined {
  if (year !== undefined) return toEpoch({ ...at, year }, zone);
  const candidates = [at.year, at.year + 1].map((one) => toEpoch({ ...at, year: one }, zone));
  return candidates.find((time) => time > now && time - now < FAR_MS);
}

/** The next such time of day, on a day of the week if one is named. */
function nextDay(at: WallClock, weekday: number | undefined, { now, zone }: When): number | undefined {
  for (let ahead = 0; ahead <= 7; ahead += 1) {
    const day = new Date(Date.UTC(at.year, at.month - 1, at.day + ahead));
    const date = { year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate() };
    const time = toEpoch({ ...at, ...date }, zone);
    if (time > now && (weekday === undefined || day.getUTCDay() === weekday)) return time;
  }
  return undefined;
}

function toNumber(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
