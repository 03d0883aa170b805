import type { FailureFacts } from './facts';

/** A wait longer than this is no advice but an outage: the engine's own backoff is used instead. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * How long the provider asks to be left alone, in milliseconds from `now` (epoch milliseconds). Undefined when it
 * does not say, or says something that is no wait at all.
 */
export function retryAfterMs(facts: FailureFacts, now: number): number | undefined {
  const { headers } = facts;
  const candidates = [
    milliseconds(headers['retry-after-ms']),
    milliseconds(headers['x-ms-retry-after-ms']),
    secondsOrDate(headers['retry-after'], now),
    retryInfoMs(facts),
    waitInWords(facts.message),
  ];
  return candidates.find((ms) => ms !== undefined && ms > 0 && ms <= LONGEST_MS);
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
  const info = details.find((detail: { '@type'?: unknown }) => String(detail?.['@type']).endsWith('RetryInfo')) as
    { retryDelay?: unknown } | undefined;
  const match = typeof info?.retryDelay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(info.retryDelay) : null;
  return match ? Math.ceil(Number(match[1]) * 1000) : undefined;
}

/** `Please retry in 36.4s.`, `Please try again in 120ms.` */
function waitInWords(message: string): number | undefined {
  const match = /(?:retry|try again) in (\d+(?:\.\d+)?)(ms|s)\b/i.exec(message);
  if (!match) return undefined;
  return Math.ceil(Number(match[1]) * (match[2] === 'ms' ? 1 : 1000));
}
