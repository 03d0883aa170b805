import { candidateKey, type Candidate } from '../models';
import { chainOf, namedBy, type NamedParts } from './names';

/** What a key allows: `provider/model`, a provider with all of its models, a model anywhere, or whoever a chain means. */
export function isAllowed(parts: NamedParts, allowed: readonly string[], candidate: Candidate): boolean {
  const key = candidateKey(candidate);
  return allowed.some((name) => {
    if (name === key || name === candidate.provider || name === candidate.model) return true;
    if (!chainOf(parts, name)) return false;
    return namedBy(parts, [name]).candidates.some((one) => candidateKey(one) === key);
  });
}
