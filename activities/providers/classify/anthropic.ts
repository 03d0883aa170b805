import { HTTP_RULES } from './http-rules';
import { classifyBy, TOO_LONG, type Rule } from './rule';

/** Anthropic's Messages API. Inside a stream there is a type but no status. */
export const ANTHROPIC_RULES: readonly Rule[] = [
  {
    when: {
      code: [
        'enforced_spend_limit_reached',
        'contract_spend_limit_reached',
        'linked_organization_spend_limit_reached',
        'linked_organization_billing_unavailable',
      ],
    },
    type: 'Provider.Quota',
  },
  { when: { code: ['ramp_limit_exceeded'] }, type: 'Provider.RateLimited' },
  { when: { type: ['billing_error'] }, type: 'Provider.Quota' },
  { when: { status: [400, 403], message: /credit balance is too low/i }, type: 'Provider.Quota' },
  { when: { status: [400], message: /reached your specified API usage limits/i }, type: 'Provider.Quota' },
  {
    when: { status: [400, 413], message: /prompt is too long|exceed[s]? (the )?context/i },
    type: 'Provider.Request',
    ...TOO_LONG.verdict,
  },
  { when: { type: ['rate_limit_error'] }, type: 'Provider.RateLimited' },
  { when: { type: ['overloaded_error'] }, type: 'Provider.Overloaded' },
  { when: { type: ['timeout_error'] }, type: 'Provider.Timeout' },
  // The key is good, and not for this model.
  { when: { type: ['permission_error'], message: /\bmodel\b/i }, type: 'Provider.Auth', scope: 'model' },
  { when: { type: ['authentication_error', 'permission_error'] }, type: 'Provider.Auth' },
  { when: { type: ['not_found_error'] }, type: 'Provider.NotFound' },
  { when: { type: ['invalid_request_error', 'request_too_large'] }, type: 'Provider.Request' },
  { when: { type: ['api_error', 'conflict_error'] }, type: 'Provider.ServerError' },
  // Thrown by the SDK before it sends anything.
  { when: { cause: /^AnthropicError$/, message: /Streaming is required/ }, type: 'Provider.Request' },
  ...HTTP_RULES,
];

export const classifyAnthropic = classifyBy(ANTHROPIC_RULES);
