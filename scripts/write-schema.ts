import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipelineJsonSchemaText } from '../contracts/schemas/pipeline-json-schema';

// Writes pipeline.schema.json from the grammar; a test fails while the two differ. Run it with `npm run schema`.

const file = join(projectRoot(), 'pipeline.schema.json');
writeFileSync(file, pipelineJsonSchemaText());
process.stdout.write(`${file}\n`);

/** Also from dist/scripts, where the build puts this. */
function projectRoot(): string {
  const above = dirname(__dirname);
  return existsSync(join(above, 'package.json')) ? above : dirname(above);
}
