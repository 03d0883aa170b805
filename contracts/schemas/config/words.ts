import { z } from 'zod';
import { DURATION_PATTERN, parseDuration } from '../../duration';
import { NAME_PATTERN } from '../../ids';
import { toNano } from '../../money';

// Words that several parts of the configuration have in common.

export const NAME_RULE = 'must start with a letter and hold only a-z, 0-9, - and _ (40 at most)';
export const name = z.string({ error: NAME_RULE }).regex(NAME_PATTERN, NAME_RULE);

const DURATION_RULE = 'must be a duration such as 30s, 5m or 1h30m';
export const duration = z
  .string({ error: DURATION_RULE })
  .regex(DURATION_PATTERN, DURATION_RULE)
  .transform((text) => parseDuration(text) ?? 0)
  .refine((ms) => ms > 0, 'must be longer than 0')
  .meta({ description: 'A duration: 500ms, 30s, 5m, 1h30m, 2d' });

const DOLLARS_RULE = 'must be US dollars, such as 5 or 2.50';
/** People write dollars; the rest of gantry counts nano-dollars. */
export const dollars = z
  .number({ error: DOLLARS_RULE })
  .nonnegative(DOLLARS_RULE)
  .max(5_000_000, 'must be at most 5000000 US dollars')
  .transform(toNano);

/** The name of a variable of the environment: keys never stand in a file. */
const VARIABLE_RULE =
  'must be the name of a variable of the environment, such as OPENAI_API_KEY; the key itself never stands here';
export const variable = z.string({ error: VARIABLE_RULE }).regex(/^[A-Z][A-Z0-9_]*$/, VARIABLE_RULE);

export const oneOrMany = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item)]).transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

/** The same, of which there must be one. */
export const someOf = <T extends z.ZodType>(item: T, rule: string) =>
  z
    .union([item, z.array(item).min(1, rule)])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

/** `provider/model`, a provider (its first model), a model that a provider lists, or a chain. */
export const candidate = z
  .string()
  .min(1, 'must not be empty')
  .meta({ description: 'provider/model, a provider, a model, or a chain' });
