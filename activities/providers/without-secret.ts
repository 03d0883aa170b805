import type { FailureFacts } from './classify/facts';

/** Shorter than this it is no secret, and would blot out common words. */
const SHORTEST = 6;
const MASK = '***';

/** The same facts without the key: some servers repeat it when they refuse it. */
export function withoutSecret(facts: FailureFacts, secret: string | undefined): FailureFacts {
  if (secret === undefined || secret.length < SHORTEST) return facts;
  return {
    ...facts,
    message: facts.message.replaceAll(secret, MASK),
    headers: masked(facts.headers, secret),
    causes: masked(facts.causes, secret),
    ...(facts.error && { error: masked(facts.error, secret) }),
  };
}

function masked<T>(value: T, secret: string): T {
  const text = JSON.stringify(value);
  const inside = JSON.stringify(secret).slice(1, -1);
  return text.includes(inside) ? (JSON.parse(text.replaceAll(inside, MASK)) as T) : value;
}
