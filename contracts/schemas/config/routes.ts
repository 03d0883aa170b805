import { z } from 'zod';
import { candidate, name, oneOrMany } from './words';

export const chains = z.record(name, z.array(candidate).min(1, 'needs a candidate'));

export const PREFERENCES = ['order', 'cost', 'latency', 'quality'] as const;
export type Preference = (typeof PREFERENCES)[number];

const route = z.strictObject({
  task: oneOrMany(z.string().min(1)).optional().meta({ description: 'Kinds of task; absent: all' }),
  project: oneOrMany(name).optional(),
  team: oneOrMany(name).optional(),
  chain: oneOrMany(candidate).meta({ description: 'A chain, or candidates in order of preference' }),
  prefer: z.enum(PREFERENCES).default('order').meta({
    description: 'order: as listed; cost, latency, quality: by what was learned, cheapest, fastest, best first',
  }),
});

export const routes = z.array(route);

const experiment = z.strictObject({
  name,
  task: oneOrMany(z.string().min(1)).optional(),
  project: oneOrMany(name).optional(),
  arms: z
    .record(name, z.strictObject({ chain: oneOrMany(candidate), share: z.int().min(0).max(100) }))
    .meta({ description: 'Shares in percent; what is left of 100 goes the usual way' }),
});

export const experiments = z.array(experiment);

export type RouteRule = z.output<typeof route>;
export type Experiment = z.output<typeof experiment>;
