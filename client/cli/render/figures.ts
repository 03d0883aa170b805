import { formatDuration } from '../../../contracts/duration';

/** `$0.31`, `$0.012` for little, `–` for unknown: unknown is not zero. */
export function money(usd: number | undefined): string {
  if (usd === undefined) return '–';
  return `$${usd.toFixed(usd > 0 && usd < 0.1 ? 3 : 2)}`;
}

export function tokenCount(tokens: number): string {
  if (tokens < 1_000) return `${tokens} tokens`;
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
