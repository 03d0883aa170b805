import { LEARN_AT_ONCE, type ProfileSample } from '../../contracts/profiles';

const LONGEST_NAME = 200;

/** The samples of a signal that are some: it may come from anywhere. */
export function readSamples(sent: unknown): readonly ProfileSample[] {
  if (!Array.isArray(sent)) return [];
  return sent.slice(0, LEARN_AT_ONCE).flatMap((one) => {
    const sample = readSample(one);
    return sample ? [sample] : [];
  });
}

function readSample(sent: unknown): ProfileSample | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined;
  const { task, provider, model, ok, latencyMs, costNano, quality } = sent as Readonly<Record<string, unknown>>;
  if (!isName(task) || !isName(provider) || !isName(model) || typeof ok !== 'boolean') return undefined;
  return {
    ...{ task, provider, model, ok },
    ...(isAmount(latencyMs) && { latencyMs }),
    ...(isAmount(costNano) && { costNano }),
    ...(isAmount(quality) && quality <= 1 && { quality }),
  };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
