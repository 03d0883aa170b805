import type { PolicyFinding, RankedCandidate } from '../models';
import type { Admitted } from './judge';
import { findingText } from './policies';
import type { Liking } from './prefer';

/** A candidate with all that its place depends on. */
export interface Placed extends Omit<Admitted, 'admitted'> {
  readonly liking: Liking;
  /** The budget has nothing left and names this one for it. */
  readonly local: boolean;
  /** Nobody else answers in time. */
  readonly lastResort: boolean;
}

/** Best first, by what weighs most. Every comparison that says nothing leaves it to the next. */
export function inOrder(a: Placed, b: Placed): number {
  for (const weightOf of WEIGHTS) {
    const [one, other] = [weightOf(a), weightOf(b)];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

export function rankedOf(placed: Placed): RankedCandidate {
  const { candidate, free, estimateNano } = placed.weighed;
  return {
    provider: candidate.provider,
    model: candidate.model,
    ...(estimateNano !== undefined && { estimateNano }),
    free,
    reasons: reasonsOf(placed),
    ...(placed.needsProbe && { needsProbe: true }),
  };
}

const WEIGHTS: readonly ((placed: Placed) => number)[] = [
  ({ findings }) => softOf(findings).length,
  ({ weighed }) => weighed.trial?.failures ?? 0,
  ({ local }) => (local ? 0 : 1),
  ({ liking }) => liking.rank,
  ({ needsProbe }) => (needsProbe ? 1 : 0),
  ({ weighed }) => weighed.place,
];

function reasonsOf({ weighed, findings, local, lastResort, liking, needsProbe }: Placed): string[] {
  const { trial, place } = weighed;
  const failures = trial?.failures ?? 0;
  const times = failures === 1 ? 'once' : `${failures} times`;
  return [
    ...softOf(findings).map((finding) => `only where nobody else is left: ${findingText(finding)}`),
    ...(failures > 0 ? [`failed ${times} for this answer: ${trial?.lastType}: ${trial?.message}`] : []),
    ...(local ? ['answers where the budget has nothing left'] : []),
    ...(lastResort ? ['answers where everybody else is out of order'] : []),
    ...(liking.reason === undefined ? [] : [liking.reason]),
    ...(needsProbe ? ['one call may try whether it takes work again'] : []),
    `named as number ${place + 1}`,
    ...findings.filter(({ mode }) => mode === 'MONITOR').map((finding) => `told only: ${findingText(finding)}`),
  ];
}

function softOf(findings: readonly PolicyFinding[]): readonly PolicyFinding[] {
  return findings.filter(({ mode }) => mode === 'SOFT');
}
