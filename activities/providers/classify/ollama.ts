import { HTTP_RULES } from './http-rules';
import { classifyBy, TOO_LONG, type Rule } from './rule';

/** Ollama's own protocol: errors are a text beside a status, and a text alone inside a stream. */
export const OLLAMA_RULES: readonly Rule[] = [
  { when: { status: [503], message: /server busy|maximum pending requests/i }, type: 'Provider.Overloaded' },
  {
    when: { status: [404] },
    type: 'Provider.NotFound',
    fix: 'Get the model with `ollama pull`, or name one of `ollama list`.',
  },
  {
    when: { status: [500], message: /more system memory|out of memory|unable to allocate/i },
    type: 'Provider.ServerError',
    retryable: false,
    counts: 'permanent',
    scope: 'model',
    fix: "Take a smaller model, or free memory on Ollama's host.",
  },
  { when: { status: [500], message: /runner process|failed to load/i }, type: 'Provider.ServerError', scope: 'model' },
  {
    when: { status: [0, 400, 413, 500], message: /context length|prompt is (too long|longer)/i },
    type: 'Provider.Request',
    ...TOO_LONG.verdict,
  },
  {
    when: { status: [400], message: /does not support/i },
    type: 'Provider.Request',
    failover: true,
    fix: 'Name a model that can do this.',
  },
  // Models that run elsewhere: no reset is told, and asking again within the hour is in vain.
  { when: { status: [429], message: /usage limit/i }, type: 'Provider.RateLimited', counts: 'limit' },
  { when: { cause: /^Error$/, message: /^Did not receive done/ }, type: 'Provider.BadResponse' },
  ...HTTP_RULES,
];

export const classifyOllama = classifyBy(OLLAMA_RULES);
