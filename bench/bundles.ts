import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import type { BenchContext } from './benchmark';

/** gantry's bundle as the build made it, and one of the hand-written workflow alone. */
export async function bundleWorkflows(directory: string): Promise<BenchContext['bundles']> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'hand-written-workflow.js'),
    logger: new DefaultLogger('WARN'),
  });
  const handWritten = join(directory, 'hand-written-bundle.js');
  writeFileSync(handWritten, code);
  return { gantry: join(__dirname, '..', 'workflow-bundle.js'), handWritten };
}
