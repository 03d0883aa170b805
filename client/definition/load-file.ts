import { resolve } from 'node:path';
import type { PipelineDefinition } from '../../contracts/definition';
import { checkPipeline } from '../../contracts/pipeline';
import type { Problem } from '../../contracts/pipeline';
import { renderProblem } from '../../contracts/reading/located-problem';
import type { LocatedProblem } from '../../contracts/reading/located-problem';
import { DefinitionError } from './definition-error';
import { gatherSource } from './include-files';
import type { GatheredSource } from './include-files';

export interface LoadedPipeline {
  readonly definition: PipelineDefinition;
  /** Lines for people, in the form of an error's. */
  readonly warnings?: readonly string[];
}

/**
 * Read, check and complete a pipeline file, with the files it nests.
 * @param file A .yaml, .yml or .json file, as the user names it: messages repeat it so.
 * @param options.cwd The folder it is named from; the process's own when absent.
 * Fails: DefinitionError with every problem there is.
 */
export async function loadPipelineFile(file: string, options: { readonly cwd?: string } = {}): Promise<LoadedPipeline> {
  const gathered = await gatherSource(file, resolve(options.cwd ?? '.', file));
  const checked = checkPipeline(gathered.source);
  if ('problems' in checked) {
    throw new DefinitionError(unique(checked.problems.map((problem) => locate(problem, gathered))));
  }
  const warnings = gathered.warnings.map(renderProblem);
  return { definition: checked.definition, ...(warnings.length === 0 ? {} : { warnings }) };
}

function locate(problem: Problem, gathered: GatheredSource): LocatedProblem {
  const { document, path, pipeline } = gathered.origin(problem.path);
  const place = document.locate(path, { offset: problem.offset, atKey: problem.atKey });
  // In a file of its own a pipeline needs no name.
  const { pipeline: _, ...rest } = problem;
  return { ...rest, ...(pipeline === undefined ? {} : { pipeline }), path, file: document.file, ...place };
}

/** A file that nests itself is in the source twice. */
function unique(problems: readonly LocatedProblem[]): LocatedProblem[] {
  return [...new Map(problems.map((problem) => [renderProblem(problem), problem])).values()];
}
