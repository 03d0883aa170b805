import { formatDuration } from '../../../contracts/duration';

/** `$0.31`, `$0.012` for little, `$0.000104` for next to nothing, `–` for unknown: neither is zero. */
export function money(usd: number | undefined): string {
  if (usd === undefined) return '–';
  if (usd > 0 && usd < 0.0005) return `$${usd.toFixed(6)}`;
  return `$${usd.toFixed(usd > 0 && usd < 0.1 ? 3 : 2)}`;
}

export function tokenCount(tokens: number): string {
  if (tokens < 1_000) return `${tokens} ${tokens === 1 ? 'token' : 'tokens'}`;
  return tokens < 1_000_000 ? `${(tokens / 1_000).toFixed(1)} k tokens` : `${(tokens / 1_000_000).toFixed(1)} M tokens`;
}

/** How long between two moments, never negative: clocks of two machines differ. */
export function elapsed(from: number, to: number): string {
  return formatDuration(Math.max(0, to - from));
}

/** A moment seen from another: `14:10`, `tomorrow 14:10`, `24 Nov 14:10`. */
export function moment(at: number, now: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...zone }).format(at);
  const dayOf = (ms: number) =>
    new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...zone }).format(ms);
  if (dayOf(at) === dayOf(now)) return time;
  if (dayOf(at) === dayOf(now + 86_400_000)) return `tomorrow ${time}`;
  return `${dayOf(at)} ${time}`;
}

/** `12:01:33`. */
export function clock(at: number, timeZone?: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeStyle: 'medium',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(at);
}

/** A length that is a guess: `about 40 s`, `about 2 min`, `about 3 h`. */
export function about(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 1) return 'now';
  if (seconds < 60) return `about ${Math.ceil(seconds / 5) * 5} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `about ${Math.round(minutes)} min` : `about ${Math.round(minutes / 60)} h`;
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(value: number): string {
  const ending = { one: 'st', two: 'nd', few: 'rd' }[ORDINALS.select(value) as 'one' | 'two' | 'few'];
  return `${value}${ending ?? 'th'}`;
}

const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });

/** `1.4 GB`, `380 MB`. */
export function memory(mb: number): string {
  return mb < 1_000 ? `${Math.round(mb)} MB` : `${(mb / 1_000).toFixed(1)} GB`;
}
