import type { LearnedProfile, Profile, ProfileSample, ProfilesLimits } from '../../contracts/profiles';

// What is learned from calls.
// P1. An average is the plain one of the first values, and weighs each newer one by a twentieth from then on: a model
//     that got faster or dearer is known by it after some dozens of calls.
// P2. Only calls that gave an answer tell how long an answer takes.
// P3. A quality without a latency is of a call that was told before: it is no call of its own.
// P4. There are only so many profiles; the one that was heard of longest ago gives way.

/** Values that an average is about. */
export const MEMORY = 20;

export const DEFAULT_LIMITS: ProfilesLimits = { profiles: 500, historyEvents: 2_000 };

/** By task, provider and model; at most as many as there may be. */
export function learnFrom(
  known: readonly LearnedProfile[],
  samples: readonly ProfileSample[],
  now: number,
  limits: ProfilesLimits,
): readonly LearnedProfile[] {
  const byKey = new Map(known.map((profile) => [keyOf(profile), profile]));
  for (const sample of samples) {
    const key = keyOf(sample);
    byKey.set(key, learnOne(byKey.get(key) ?? unheardOf(sample), sample, now));
  }
  const newest = [...byKey.values()].sort((a, b) => b.heardAt - a.heardAt || compareKeys(a, b));
  return newest.slice(0, limits.profiles).sort(compareKeys);
}

/** Without what only the learning needs. */
export function profileOf({ counts: _counts, heardAt: _heardAt, ...profile }: LearnedProfile): Profile {
  return profile;
}

function learnOne(profile: LearnedProfile, sample: ProfileSample, now: number): LearnedProfile {
  const { counts } = profile;
  const isCall = sample.latencyMs !== undefined || sample.quality === undefined;
  const calls = profile.calls + (isCall ? 1 : 0);
  const latency = average(profile.latencyMs, counts.latency, sample.ok ? sample.latencyMs : undefined);
  const cost = average(profile.costNano, counts.cost, sample.costNano);
  const quality = average(profile.quality, counts.quality, sample.quality);
  return {
    ...profile,
    calls,
    ...(isCall && { failureRate: moved(profile.failureRate, calls, sample.ok ? 0 : 1) }),
    ...(latency.value !== undefined && { latencyMs: Math.round(latency.value) }),
    ...(cost.value !== undefined && { costNano: Math.round(cost.value) }),
    ...(quality.value !== undefined && { quality: quality.value }),
    counts: { latency: latency.count, cost: cost.count, quality: quality.count },
    heardAt: now,
  };
}

function average(before: number | undefined, count: number, value: number | undefined) {
  if (value === undefined) return { value: before, count };
  return { value: before === undefined ? value : moved(before, count + 1, value), count: count + 1 };
}

/** @param count With the new value. */
function moved(average: number, count: number, value: number): number {
  return average + (value - average) / Math.min(count, MEMORY);
}

function unheardOf({ task, provider, model }: ProfileSample): LearnedProfile {
  const counts = { latency: 0, cost: 0, quality: 0 };
  return { task, provider, model, calls: 0, failureRate: 0, counts, heardAt: 0 };
}

interface Named {
  readonly task: string;
  readonly provider: string;
  readonly model: string;
}

function keyOf({ task, provider, model }: Named): string {
  return JSON.stringify([task, provider, model]);
}

/** By code units: the same on every worker. */
function compareKeys(a: Named, b: Named): number {
  const [one, other] = [keyOf(a), keyOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}
