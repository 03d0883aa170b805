import { z } from 'zod';
import { BUDGET_WINDOWS } from '../../budgets';
import { candidate, dollars, name, oneOrMany } from './words';

/** At least one window; several may stand beside each other: a daily one inside a monthly one. */
const limits = z.partialRecord(z.enum(BUDGET_WINDOWS), dollars);

const job = z.strictObject({
  limits: limits.default({}).meta({ description: 'US dollars for the job, by window' }),
});

const team = z.strictObject({
  limits: limits.default({}).meta({ description: 'US dollars for the team, by window' }),
  projects: oneOrMany(name)
    .default([])
    .meta({ description: 'Projects whose runs are counted here, beside those of its jobs' }),
  jobs: z.record(name, job).default({}).meta({ description: 'Each is named after the project whose runs it counts' }),
});

const OVER_BUDGET = ['stop', 'local', 'queue'] as const;

export const budgets = z.strictObject({
  limits: limits.default({}).meta({ description: 'US dollars for the whole organisation, by window' }),
  teams: z.record(name, team).default({}).meta({ description: 'Who shares the budget, by name' }),
  over: z.enum(OVER_BUDGET).default('stop').meta({
    description: 'stop: BUDGET_EXHAUSTED; local: a model that costs nothing; queue: wait until the window begins anew',
  }),
  local: candidate
    .optional()
    .meta({ description: 'With over: local, who answers then; any that costs nothing unless said' }),
  'alert-at': z.int().min(1).max(100).default(80).meta({ description: 'Percent of a limit; told once a window' }),
  slice: dollars
    .refine((nano) => nano > 0, 'must be more than 0')
    .optional()
    .meta({ description: 'US dollars drawn at a time; $0.25 unless said' }),
});

export type BudgetsFile = z.output<typeof budgets>;
