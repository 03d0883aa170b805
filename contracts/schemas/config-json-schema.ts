import { z } from 'zod';
import { configFile } from './config';

/** What editors check `gantry.config.yaml` against: the grammar as JSON Schema draft 7, which all of them read. */
export function configJsonSchema(): ConfigJsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(configFile, { io: 'input', target: 'draft-7' });
  return {
    ...($schema !== undefined && { $schema }),
    title: 'gantry configuration',
    description: 'Models, budgets and the gateway of gantry.',
    ...rest,
  };
}

/** The text of `gantry.config.schema.json`. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

export type ConfigJsonSchema = z.core.JSONSchema.JSONSchema;
