import type { FailureFacts } from './facts';

/** A wait longer than this is no advice but an outage: the engine's own backoff is used instead. */
const LONGEST_MS = 24 * 3_600_000;

/** A reset further away than this is nobody's: a mistaken unit more likely. */
const LONGEST_RESET_MS = 400 * LONGEST_MS;

/**
 * How long the provider asks to be left alone, in milliseconds from `now` (epoch milliseconds). Undefined when it
 * does not say, or says something that is no wait at all.
 */
export function retryAfterMs(facts: FailureFacts, now: number): number | undefined {
  const wait = waitMs(facts, now);
  return wait !== undefined && wait <= LONGEST_MS ? wait : undefined;
}

/** When the provider says that it takes work again, epoch milliseconds; undefined when it does not say. */
export function resetTime(facts: FailureFacts, now: number): number | undefined {
  const wait = waitMs(facts, now);
  const said = [resetInBody(facts, now), resetInWords(facts.message), wait === undefined ? undefined : now + wait];
  return said.find((at) => at !== undefined && at > now && at - now <= LONGEST_RESET_MS);
}

function waitMs(facts: FailureFacts, now: number): number | undefined {
  const { headers } = facts;
  const candidates = [
    milliseconds(headers['retry-after-ms']),
    milliseconds(headers['x-ms-retry-after-ms']),
    secondsOrDate(headers['retry-after'], now),
    retryInfoMs(facts),
    resetHeaderMs(facts, now),
    waitInWords(facts.message),
  ];
  return candidates.find((ms) => ms !== undefined && ms > 0 && ms <= LONGEST_RESET_MS);
}

function milliseconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Math.ceil(Number(text)) : undefined;
}

function secondsOrDate(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = milliseconds(text);
  if (ms !== undefined) return Math.ceil(Number(text) * 1000);
  // Date.parse takes `-5` for a year: an HTTP date has a name of a day or month in it.
  if (!/[a-z]{3}/i.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at - now;
}

/** Google's `{"@type": "…RetryInfo", "retryDelay": "36.4s"}`. */
function retryInfoMs(facts: FailureFacts): number | undefined {
  const details = facts.error?.['details'];
  if (!Array.isArray(details)) return undefined;
  const info = details.map(fieldsOf).find((detail) => String(detail['@type']).endsWith('RetryInfo'));
  const delay = info?.['retryDelay'];
  const match = typeof delay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(delay) : null;
  return match ? Math.ceil(Number(match[1]) * 1000) : undefined;
}

const RESET_HEADERS = ['x-ratelimit-reset', 'anthropic-ratelimit-unified-reset'];

/** A time at which a limit begins anew: in the headers, or as OpenRouter passes them on within the body. */
function resetHeaderMs(facts: FailureFacts, now: number): number | undefined {
  if (facts.status !== 429) return undefined;
  const passedOn = Object.entries(fieldsOf(fieldsOf(facts.error?.['metadata'])['headers']));
  const headers: Record<string, unknown> = {
    ...Object.fromEntries(passedOn.map(([name, value]) => [name.toLowerCase(), value])),
    ...facts.headers,
  };
  const at = RESET_HEADERS.map((name) => timeIn(headers[name])).find((time) => time !== undefined);
  return at === undefined ? undefined : at - now;
}

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(ms|milliseconds?)$/i, 1],
  [/^(s|secs?|seconds?)$/i, 1_000],
  [/^(m|mins?|minutes?)$/i, 60_000],
  [/^(h|hours?)$/i, 3_600_000],
  [/^(d|days?)$/i, 24 * 3_600_000],
];

/** `Please retry in 36.4s.`, `Please try again in 6m0s.`, `try again after 1 seconds` */
function waitInWords(message: string): number | undefined {
  const said = /(?:retry|try again) (?:in|after) ((?:\d+(?:\.\d+)?\s?[a-z]+\s?)+)/i.exec(message)?.[1];
  if (said === undefined) return undefined;
  const parts = [...said.matchAll(/(\d+(?:\.\d+)?)\s?([a-z]+)/gi)].map(([, count, word = '']) => {
    const unit = UNITS.find(([names]) => names.test(word))?.[1];
    return unit === undefined ? Number.NaN : Number(count) * unit;
  });
  const ms = Math.ceil(parts.reduce((sum, part) => sum + part, 0));
  return Number.isNaN(ms) ? undefined : ms;
}

const RESET_FIELDS = ['resets_at', 'reset_at', 'resetsAt'] as const;

function resetInBody({ error }: FailureFacts, now: number): number | undefined {
  const places = [fieldsOf(error), fieldsOf(error?.['metadata']), fieldsOf(error?.['details'])];
  const seconds = places.map((place) => place['resets_in_seconds']).find((value) => typeof value === 'number');
  const times = places.flatMap((place) => RESET_FIELDS.map((name) => timeIn(place[name])));
  return times.find((time) => time !== undefined) ?? (seconds === undefined ? undefined : now + seconds * 1000);
}

/** Anthropic's `You will regain access on 2026-12-01 at 00:00 UTC.` */
function resetInWords(message: string): number | undefined {
  const match = /regain access on (\d{4}-\d{2}-\d{2})(?: at (\d{2}:\d{2}))?/i.exec(message);
  return match ? timeIn(`${match[1]}T${match[2] ?? '00:00'}:00Z`) : undefined;
}

/** Epoch seconds, epoch milliseconds or a date, as epoch milliseconds. */
function timeIn(value: unknown): number | undefined {
  const number = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value)) ? Number(value) : 0;
  if (number > 1e12) return number;
  if (number > 1e9) return number * 1000;
  const at = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
