import { z } from 'zod';
import { candidate, name, oneOrMany, someOf } from './words';

export const chains = z.record(name, someOf(candidate, 'needs a candidate'));

export const PREFERENCES = ['order', 'cost', 'latency', 'quality'] as const;
export type Preference = (typeof PREFERENCES)[number];

const route = z.strictObject({
  task: oneOrMany(z.string().min(1)).optional().meta({ description: 'Kinds of task; absent: all' }),
  project: oneOrMany(name).optional().meta({ description: 'For runs of these projects; absent: all' }),
  team: oneOrMany(name).optional().meta({ description: 'For these teams; absent: all' }),
  chain: oneOrMany(candidate).meta({ description: 'A chain, or candidates in order of preference' }),
  prefer: z.enum(PREFERENCES).default('order').meta({
    description: 'order: as listed; cost, latency, quality: by what was learned, cheapest, fastest, best first',
  }),
});

export const routes = z.array(route);

const SHARE_RULE = 'must be a whole number of percent, 0 to 100';

const experiment = z.strictObject({
  name: name.meta({ description: 'What its results are kept under' }),
  task: oneOrMany(z.string().min(1)).optional().meta({ description: 'Kinds of task; absent: all' }),
  project: oneOrMany(name).optional().meta({ description: 'For runs of these projects; absent: all' }),
  arms: z
    .record(
      name,
      z.strictObject({
        chain: oneOrMany(candidate).meta({ description: 'A chain, or candidates in order of preference' }),
        share: z.int(SHARE_RULE).min(0, SHARE_RULE).max(100, SHARE_RULE).meta({ description: 'Percent of the tasks' }),
      }),
    )
    .meta({ description: 'Shares in percent; what is left of 100 goes the usual way' }),
});

export const experiments = z.array(experiment);

export type RouteRule = z.output<typeof route>;
export type Experiment = z.output<typeof experiment>;
