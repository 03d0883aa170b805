import { z } from 'zod';
import { pipelineFile } from './pipeline';

/** What editors check a pipeline file against: the grammar as JSON Schema draft 7, which all of them read. */
export function pipelineJsonSchema(): object {
  const schema = z.toJSONSchema(pipelineFile, { io: 'input', target: 'draft-7' });
  const { $schema, ...rest } = schema;
  return { $schema, title: 'gantry pipeline', description: 'A pipeline that gantry runs.', ...rest };
}

/** The text of `pipeline.schema.json`. */
export function pipelineJsonSchemaText(): string {
  return `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`;
}
