import type { FailureFacts } from './facts';
import { retryAfterMs } from './retry-after';
import { TOO_LONG, type Rule } from './rule';

const HOUR_MS = 3_600_000;

/** Money that calls under way hold back comes free by itself: nobody is out of order. */
const IN_FLIGHT = { type: 'Provider.RateLimited', counts: 'no' } as const;

const NOT_LOADED = { type: 'Provider.ServerError', scope: 'model' } as const;

/** A router passes on how one of the providers behind it failed: that says nothing of the models at the others. */
export const ROUTED_RULES: readonly Rule[] = [
  { when: { status: [429], holds: hasMetadata('provider_name') }, type: 'Provider.RateLimited', scope: 'model' },
  { when: { status: [503, 529], holds: hasMetadata('provider_name') }, type: 'Provider.Overloaded', scope: 'model' },
  {
    when: { statusBetween: [500, 599], holds: hasMetadata('provider_name') },
    type: 'Provider.ServerError',
    scope: 'model',
  },
];

/** Gemini, Kimi, OpenRouter and DeepSeek, each where it differs from OpenAI. */
export const COMPATIBLE_RULES: readonly Rule[] = [
  // Gemini's limit per minute carries the very words OpenAI uses for an empty account, and its limit per day may
  // carry a wait of seconds. A wait under an hour is therefore a rate limit; a day's quota or no wait is not.
  { when: { status: [429], type: ['RESOURCE_EXHAUSTED'], holds: waitsUnderAnHour }, type: 'Provider.RateLimited' },
  { when: { status: [429], type: ['RESOURCE_EXHAUSTED'] }, type: 'Provider.Quota' },
  { when: { type: ['UNAUTHENTICATED', 'PERMISSION_DENIED'] }, type: 'Provider.Auth' },
  { when: { status: [400], type: ['INVALID_ARGUMENT'], message: /API key not valid/i }, type: 'Provider.Auth' },
  // The country, or an account without billing.
  { when: { status: [400], type: ['FAILED_PRECONDITION'] }, type: 'Provider.Auth' },

  { when: { type: ['engine_overloaded_error'] }, type: 'Provider.Overloaded' },
  { when: { status: [429], message: /engine is currently overloaded/i }, type: 'Provider.Overloaded' },
  { when: { type: ['exceeded_current_quota_error'] }, type: 'Provider.Quota' },
  {
    when: {
      status: [403, 429],
      message: /insufficient balance|balance is|usage limit for this (billing cycle|period)/i,
    },
    type: 'Provider.Quota',
  },
  { when: { status: [400], message: /content exists risk/i }, type: 'Provider.Policy' },

  { when: { code: ['in_flight_budget_exhausted'] }, ...IN_FLIGHT },
  { when: { status: [402], holds: limitedBy('openrouter_in_flight_budget') }, ...IN_FLIGHT },
  { when: { status: [403], holds: hasMetadata('patterns', 'reasons', 'flagged_input') }, type: 'Provider.Policy' },
  { when: { status: [403], holds: hasMetadata('resets_at', 'limit_source') }, type: 'Provider.Quota' },
  { when: { code: ['provider_overloaded'] }, type: 'Provider.Overloaded', scope: 'model' },
  {
    when: { status: [503], message: /no available model provider/i },
    type: 'Provider.Overloaded',
    scope: 'model',
  },

  { when: { status: [500], message: /could not load model|failed to load model/i }, ...NOT_LOADED },
  {
    when: { status: [400, 422], message: /model not exist|not a valid model id|invalid model name/i },
    type: 'Provider.NotFound',
  },
  { when: { type: ['exceed_context_size_error'] }, type: 'Provider.Request', ...TOO_LONG.verdict },
  {
    when: {
      status: [400, 413, 422],
      message:
        /context (length|window|size)|token limit|token count .* exceeds|token length too long|prompt is too long/i,
    },
    type: 'Provider.Request',
    ...TOO_LONG.verdict,
  },
];

function waitsUnderAnHour(facts: FailureFacts, now: number): boolean {
  const ms = retryAfterMs(facts, now);
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
