import type { Standing } from '../breakers';
import { candidateKey, type Candidate } from '../models';

/** What the breakers of a candidate say: go on, go on with the probe, or leave it alone. */
export type BreakerWord =
  | { readonly kind: 'closed' }
  | { readonly kind: 'probe'; readonly breakers: readonly string[] }
  /** `until` absent: only a person ends it. */
  | { readonly kind: 'shut'; readonly reason: string; readonly until?: number };

/** The breakers that a call of a candidate has to pass: its provider's, and its own. */
export function breakersOf(candidate: Candidate): readonly string[] {
  return [candidate.provider, candidateKey(candidate)];
}

export function breakerWord(standings: ReadonlyMap<string, Standing>, candidate: Candidate, now: number): BreakerWord {
  const words = breakersOf(candidate).map((name) => oneWord(name, standings.get(name), now));
  const shut = words.filter((word) => word.kind === 'shut');
  const [longest] = [...shut].sort((a, b) => endOf(b) - endOf(a));
  if (longest) return longest;
  const breakers = words.flatMap((word) => (word.kind === 'probe' ? word.breakers : []));
  return breakers.length > 0 ? { kind: 'probe', breakers } : { kind: 'closed' };
}

function oneWord(name: string, standing: Standing | undefined, now: number): BreakerWord {
  if (standing === undefined || standing.state === 'closed') return { kind: 'closed' };
  const { state, until, why } = standing;
  const said = (text: string): string => `${text}${why === undefined ? '' : ` (${why})`}`;
  if (state === 'isolated') return { kind: 'shut', reason: said(`the breaker of ${name} is isolated`) };
  // An open one whose time is over is half-open as soon as somebody looks, and what is known here may be seconds old.
  if (until === undefined || until <= now) return { kind: 'probe', breakers: [name] };
  const doing = state === 'open' ? `the breaker of ${name} is open` : `somebody is just trying ${name}`;
  return { kind: 'shut', reason: said(doing), until };
}

function endOf({ until = Infinity }: { readonly until?: number }): number {
  return until;
}
