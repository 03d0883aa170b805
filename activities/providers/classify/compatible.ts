import type { FailureFacts } from './facts';
import { retryAfterMs } from './retry-after';
import type { Rule } from './rule';

const HOUR_MS = 3_600_000;

/** Gemini, Kimi, OpenRouter and DeepSeek, each where it differs from OpenAI. */
export const COMPATIBLE_RULES: readonly Rule[] = [
  // Gemini's limit per minute carries the very words OpenAI uses for an empty account, and its limit per day may
  // carry a wait of seconds. A wait under an hour is therefore a rate limit; a day's quota or no wait is not.
  { when: { status: [429], type: ['RESOURCE_EXHAUSTED'], holds: waitsUnderAnHour }, type: 'Provider.RateLimited' },
  { when: { status: [429], type: ['RESOURCE_EXHAUSTED'] }, type: 'Provider.Quota' },
  { when: { type: ['UNAUTHENTICATED', 'PERMISSION_DENIED'] }, type: 'Provider.Auth' },
  { when: { status: [400], type: ['INVALID_ARGUMENT'], message: /API key not valid/i }, type: 'Provider.Auth' },

  { when: { type: ['engine_overloaded_error'] }, type: 'Provider.Overloaded' },
  { when: { status: [429], message: /engine is currently overloaded/i }, type: 'Provider.Overloaded' },
  { when: { type: ['exceeded_current_quota_error'] }, type: 'Provider.Quota' },
  {
    when: { status: [403], message: /insufficient balance|balance is|usage limit for this billing cycle/i },
    type: 'Provider.Quota',
  },

  { when: { code: ['in_flight_budget_exhausted'] }, type: 'Provider.RateLimited' },
  { when: { status: [402], holds: limitedBy('openrouter_in_flight_budget') }, type: 'Provider.RateLimited' },
  { when: { status: [403], holds: hasMetadata('patterns', 'reasons', 'flagged_input') }, type: 'Provider.Policy' },
  { when: { status: [403], holds: hasMetadata('resets_at', 'limit_source') }, type: 'Provider.Quota' },
  { when: { code: ['provider_overloaded'] }, type: 'Provider.Overloaded' },
];

function waitsUnderAnHour(facts: FailureFacts): boolean {
  // Only the wait itself counts, not the date it ends at.
  const ms = retryAfterMs(facts, 0);
  return ms !== undefined && ms < HOUR_MS;
}

function limitedBy(source: string): (facts: FailureFacts) => boolean {
  return (facts) => metadata(facts)['limit_source'] === source;
}

function hasMetadata(...keys: string[]): (facts: FailureFacts) => boolean {
  return (facts) => keys.some((key) => metadata(facts)[key] !== undefined);
}

function metadata(facts: FailureFacts): Record<string, unknown> {
  const value = facts.error?.['metadata'];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
