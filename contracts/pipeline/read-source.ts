import { readByGrammar, type ReadSource } from '../reading/read-by-grammar';
import { pipelineFile } from '../schemas/pipeline';
import type { PipelineFile } from '../schemas/pipeline';

/** Read the source of a pipeline by its grammar. */
export function readSource(source: unknown): ReadSource<PipelineFile> {
  return readByGrammar(PIPELINE, source);
}

const PIPELINE = {
  schema: pipelineFile,
  isWhat: 'a pipeline is an object with name and stages',
  called: 'the pipeline',
  required: { name: 'unnamed', stages: {} },
};
