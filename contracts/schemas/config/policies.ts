import { z } from 'zod';
import { dollars, duration, name, oneOrMany } from './words';

const who = oneOrMany(z.string().min(1)).optional();

const policy = z.strictObject({
  name: name.meta({ description: 'How it is told in reports' }),
  mode: z.enum(['HARD', 'SOFT', 'MONITOR']).meta({
    description: 'HARD: never otherwise; SOFT: only where nobody else is left; MONITOR: told, and nothing else',
  }),
  task: who.meta({ description: 'For these tasks; absent: all' }),
  project: who.meta({ description: 'For runs of these projects; absent: all' }),
  team: who.meta({ description: 'For these teams; absent: all' }),
  allow: who.meta({ description: 'Only these providers or tags' }),
  deny: who.meta({ description: 'None of these providers or tags' }),
  'max-cost': dollars.optional().meta({ description: 'US dollars that one call may be expected to cost' }),
  'max-latency': duration
    .optional()
    .meta({ description: 'What was learned of the time to an answer must be below this' }),
});

export const policies = z.array(policy);

export type Policy = z.output<typeof policy>;
