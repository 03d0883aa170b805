import { COMPATIBLE_RULES } from './compatible';
import { HTTP_RULES } from './http-rules';
import { classifyBy, TOO_LONG, type Rule } from './rule';

const SPENT = [
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
  'billing_not_active',
];
const DECLINED = ['content_filter', 'content_policy_violation', 'moderation_blocked', 'policy_violation'];

/**
 * The OpenAI protocol, with what is told apart by code; then the other vendors who speak it, then plain HTTP.
 * One table serves them all, because a proxy passes on the errors of whoever is behind it.
 */
export const OPENAI_RULES: readonly Rule[] = [
  { when: { code: SPENT }, type: 'Provider.Quota' },
  { when: { type: SPENT }, type: 'Provider.Quota' },
  { when: { code: ['budget_exceeded'] }, type: 'Provider.Quota' },
  { when: { type: ['budget_exceeded'] }, type: 'Provider.Quota' },
  {
    when: { code: [TOO_LONG.code, 'string_above_max_length'] },
    type: 'Provider.Request',
    ...TOO_LONG.verdict,
  },
  { when: { code: DECLINED }, type: 'Provider.Policy' },
  { when: { type: DECLINED }, type: 'Provider.Policy' },
  { when: { code: ['model_not_found'] }, type: 'Provider.NotFound' },
  { when: { code: ['invalid_api_key', 'account_deactivated'] }, type: 'Provider.Auth' },
  { when: { code: ['server_is_overloaded', 'engine_overloaded'] }, type: 'Provider.Overloaded' },
  { when: { code: ['rate_limit_exceeded', 'slow_down'] }, type: 'Provider.RateLimited' },
  ...COMPATIBLE_RULES,
  { when: { type: ['authentication_error'] }, type: 'Provider.Auth' },
  // An error object inside a stream may have a type and nothing else.
  { when: { status: [0], type: ['rate_limit_error', 'rate_limit_exceeded'] }, type: 'Provider.RateLimited' },
  { when: { status: [0], type: ['invalid_request_error'] }, type: 'Provider.Request' },
  { when: { status: [0], type: ['overloaded_error'] }, type: 'Provider.Overloaded' },
  ...HTTP_RULES,
];

export const classifyOpenAi = classifyBy(OPENAI_RULES);
