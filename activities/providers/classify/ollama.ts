import { HTTP_RULES } from './http-rules';
import { classifyBy, type Rule } from './rule';

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
    fix: "Take a smaller model, or free memory on Ollama's host.",
  },
  { when: { cause: /^Error$/, message: /^Did not receive done/ }, type: 'Provider.BadResponse' },
  ...HTTP_RULES,
];

export const classifyOllama = classifyBy(OLLAMA_RULES);
