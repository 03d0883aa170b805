import { z } from 'zod';
import { candidate, name, oneOrMany, variable } from './words';

const key = z.strictObject({
  key: variable.optional().meta({ description: 'The variable of the environment that holds the key' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the key, in 64 hexadecimal digits')
    .optional()
    .meta({ description: 'In place of `key`: what the key hashes to' }),
  team: name.optional().meta({ description: 'Whose budget it is, and which policies it is held to' }),
  job: name.optional().meta({ description: 'A job of that team' }),
  models: oneOrMany(candidate).optional().meta({ description: 'Which it may use; absent: all' }),
});

export const gateway = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').meta({ description: 'The address it listens on' }),
  port: z.int().min(0).max(65_535).default(4180).meta({ description: 'The port it listens on; 0: any that is free' }),
  keys: z
    .record(name, key)
    .default({})
    .meta({ description: 'By name of whoever holds it; without keys everybody on this machine may ask' }),
});

export type GatewayFile = z.output<typeof gateway>;
export type GatewayKeyFile = z.output<typeof key>;
