import { z } from 'zod';
import { NAME_PATTERN } from '../../ids';
import { budgets } from './budgets';
import { gateway } from './gateway';
import { policies } from './policies';
import { providers } from './providers';
import { chains, experiments, routes } from './routes';
import { NAME_RULE, candidate } from './words';

/**
 * What `gantry.config.yaml` may hold. `z.input` is what people write, `z.output` what the rest of gantry works with:
 * durations become milliseconds, dollars nano-dollars, a single name a list of one. Rules that need more than one place
 * (names that are nowhere declared) live in contracts/config.
 */
export const configFile = z.strictObject({
  $schema: z.string().optional().meta({ description: 'For editors' }),
  organisation: z
    .string()
    .regex(NAME_PATTERN, NAME_RULE)
    .default('default')
    .meta({ description: 'Whose budgets these are: one ledger for each' }),
  providers: providers.optional().meta({ description: 'Who answers; in order of preference' }),
  chains: chains.default({}).meta({ description: 'Named lists of candidates, in order of preference' }),
  routes: routes.default([]).meta({ description: 'Which chain serves which task; the first rule that fits decides' }),
  experiments: experiments.default([]).meta({ description: 'Chains that are compared on real tasks' }),
  policies: policies.default([]).meta({ description: 'Who may be asked at all' }),
  'last-resort': candidate
    .optional()
    .meta({ description: 'Who answers when everybody else is out of order for longer than can be waited' }),
  budgets: budgets.optional().meta({ description: 'What may be spent; absent: nothing is limited' }),
  gateway: gateway.prefault({}).meta({ description: "The door for clients of OpenAI's protocol" }),
});

export type ConfigFile = z.output<typeof configFile>;
