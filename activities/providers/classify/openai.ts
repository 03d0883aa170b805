import { COMPATIBLE_RULES, ROUTED_RULES } from './compatible';
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
  'budget_exceeded',
  'usage_limit_reached',
];
const DECLINED = [
  'content_filter',
  'content_policy_violation',
  'moderation_blocked',
  'policy_violation',
  'invalid_prompt',
];
const NO_SUCH_MODEL = ['model_not_found', 'invalid_model', 'model_decommissioned'];

/**
 * The OpenAI protocol, with what is told apart by code; then the other vendors who speak it, then plain HTTP.
 * One table serves them all, because a proxy passes on the errors of whoever is behind it.
 */
export const OPENAI_RULES: readonly Rule[] = [
  { when: { code: SPENT }, type: 'Provider.Quota' },
  { when: { type: SPENT }, type: 'Provider.Quota' },
  {
    when: { code: [TOO_LONG.code, 'string_above_max_length'] },
    type: 'Provider.Request',
    ...TOO_LONG.verdict,
  },
  { when: { code: DECLINED }, type: 'Provider.Policy' },
  { when: { type: DECLINED }, type: 'Provider.Policy' },
  { when: { code: NO_SUCH_MODEL }, type: 'Provider.NotFound' },
  { when: { type: NO_SUCH_MODEL }, type: 'Provider.NotFound' },
  { when: { code: ['invalid_api_key', 'account_deactivated'] }, type: 'Provider.Auth' },
  { when: { code: ['server_is_overloaded', 'engine_overloaded'] }, type: 'Provider.Overloaded' },
  // One request of more tokens than a minute allows never fits, however long it waits.
  {
    when: { status: [429], code: ['rate_limit_exceeded'], message: /^Request too large/i },
    type: 'Provider.Request',
    ...TOO_LONG.verdict,
  },
  ...ROUTED_RULES,
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

/** An AnythingLLM: its models are workspaces, and for one that it does not know it sends a bare 401. */
export const classifyAnythingLlm = classifyBy([
  {
    when: { status: [401], message: /^HTTP 401 without a body$/ },
    type: 'Provider.NotFound',
    fix: 'Name a workspace of this AnythingLLM as its address does: in small letters and hyphens.',
  },
  ...OPENAI_RULES,
]);
