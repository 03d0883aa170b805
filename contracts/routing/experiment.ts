import { hash32 } from '../ids';
import type { RouteRequest } from '../models';
import type { Experiment } from '../schemas/config/routes';
import { applies } from './applies';

/** The arm of those who go the usual way. No arm can be called so. */
export const USUAL_ARM = '(usual)';

export interface Drawn {
  readonly name: string;
  readonly arm: string;
  /** Absent for {@link USUAL_ARM}. */
  readonly chain?: readonly string[];
}

/** The arm of the first experiment that is about the request; the same for every attempt at one answer. */
export function draw(experiments: readonly Experiment[], request: RouteRequest): Drawn | undefined {
  const experiment = experiments.find((one) => applies(one, request));
  if (!experiment) return undefined;
  const percent = percentOf(`${experiment.name} ${request.id}`);
  let end = 0;
  for (const [arm, { chain, share }] of Object.entries(experiment.arms)) {
    end += share;
    if (percent < end) return { name: experiment.name, arm, chain };
  }
  return { name: experiment.name, arm: USUAL_ARM };
}

/** 0 to 99, spread evenly also over ids that differ in their last digit only, which is what the mixing is for. */
function percentOf(text: string): number {
  let hash = parseInt(hash32(text), 16);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % 100;
}
