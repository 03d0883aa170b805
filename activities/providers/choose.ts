import type { ProviderErrorType } from './provider-failure';

/** What `choose` needs to know of a provider. */
export interface Offer {
  readonly name: string;
  readonly models: readonly string[];
  readonly standIn: boolean;
}

export interface Candidate {
  readonly provider: string;
  readonly model: string;
}

/** What is remembered of a candidate between the attempts of one activity. */
export interface Trial extends Candidate {
  readonly failures: number;
  readonly lastType: ProviderErrorType;
  /** The last failure was final: the same request to the same provider will fail again. */
  readonly final: boolean;
  /** Epoch milliseconds before which the provider wants to be left alone. */
  readonly notBefore?: number;
}

/**
 * Who may answer, in order of preference.
 *
 * - `provider/model`: that one alone; whoever names a provider does not want another.
 * - `model`: every provider that lists it; where none does, the first provider is asked for it.
 * - nothing: the default model of each provider, in the order they are configured.
 *
 * A stand-in is a candidate only when it is named, or when it is all there is.
 */
export function candidatesFor(offers: readonly Offer[], requested: string | undefined): readonly Candidate[] {
  if (requested !== undefined) {
    const named = namedProvider(offers, requested);
    if (named) return [named];
  }
  const real = offers.filter(({ standIn }) => !standIn);
  const usable = real.length > 0 ? real : offers;
  if (requested === undefined) return usable.map(({ name, models }) => ({ provider: name, model: models[0]! }));
  const serving = usable.filter(({ models }) => models.includes(requested));
  // A stand-in answers as itself: it has no other model, and whoever wrote the pipeline need not know of it.
  if (serving.length === 0 && real.length === 0) return candidatesFor(offers, undefined);
  return (serving.length > 0 ? serving : usable.slice(0, 1)).map(({ name }) => ({ provider: name, model: requested }));
}

/**
 * Whose turn it is. One attempt of the activity asks one provider, so that every request is an attempt in the
 * history and nothing is asked twice unseen. The next attempt goes to the candidate that failed least often, the
 * preferred one first: A, B, A, B … A candidate whose failure was final is out, and one that wants to be left alone
 * until later lets the others go first; when all do, the one whose wait ends first is next. Undefined: nobody is left.
 *
 * Without memory (the worker died before it could tell) the attempt number alone rotates.
 */
export function nextCandidate(
  candidates: readonly Candidate[],
  trials: readonly Trial[],
  { attempt, now }: { readonly attempt: number; readonly now: number },
): Candidate | undefined {
  if (trials.length === 0) return candidates[(attempt - 1) % candidates.length];
  const open = candidates.filter((candidate) => !trialOf(trials, candidate)?.final);
  const waitOf = (candidate: Candidate) => Math.max(0, (trialOf(trials, candidate)?.notBefore ?? 0) - now);
  const ready = open.filter((candidate) => waitOf(candidate) === 0);
  if (ready.length === 0) return least(open, waitOf);
  return least(ready, (candidate) => trialOf(trials, candidate)?.failures ?? 0);
}

export function trialOf(trials: readonly Trial[], { provider, model }: Candidate): Trial | undefined {
  return trials.find((trial) => trial.provider === provider && trial.model === model);
}

/** The first of those with the smallest number. */
function least(candidates: readonly Candidate[], numberOf: (candidate: Candidate) => number): Candidate | undefined {
  return [...candidates].sort((a, b) => numberOf(a) - numberOf(b))[0];
}

/** Model names may hold slashes themselves (`meta-llama/llama-4`): only a configured provider's name is one. */
function namedProvider(offers: readonly Offer[], requested: string): Candidate | undefined {
  const slash = requested.indexOf('/');
  if (slash <= 0) return undefined;
  const provider = requested.slice(0, slash);
  if (!offers.some(({ name }) => name === provider)) return undefined;
  return { provider, model: requested.slice(slash + 1) };
}
