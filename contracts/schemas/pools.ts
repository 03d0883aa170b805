import { z } from 'zod';
import { NAME_PATTERN } from '../ids';

/** A pool that a host serves: `GANTRY_POOLS` is a JSON list of these. */
export const poolSpec = z
  .strictObject({
    pool: z.string().regex(NAME_PATTERN),
    /** The configured agent that its sessions run. */
    agent: z.string().regex(NAME_PATTERN),
    min: z.int().min(0).max(64),
    max: z.int().min(1).max(64),
  })
  .refine(({ min, max }) => min <= max, 'min must not be more than max');

export const poolSpecs = z
  .array(poolSpec)
  .refine((pools) => new Set(pools.map(({ pool }) => pool)).size === pools.length, 'names a pool twice');

export type PoolSpec = z.output<typeof poolSpec>;
