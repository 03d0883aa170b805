import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configJsonSchemaText } from '../contracts/schemas/config-json-schema';
import { pipelineJsonSchemaText } from '../contracts/schemas/pipeline-json-schema';

// Writes the schemas for editors from their grammars; tests fail while they differ. Run it with `npm run schema`.

const SCHEMAS = {
  'pipeline.schema.json': pipelineJsonSchemaText,
  'gantry.config.schema.json': configJsonSchemaText,
};

for (const [name, text] of Object.entries(SCHEMAS)) {
  const file = join(projectRoot(), name);
  writeFileSync(file, text());
  process.stdout.write(`${file}\n`);
}

/** Also from dist/scripts, where the build puts this. */
function projectRoot(): string {
  const above = dirname(__dirname);
  return existsSync(join(above, 'package.json')) ? above : dirname(above);
}
