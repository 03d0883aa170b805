import type { PipelineDefinition } from '../../contracts/definition';
import { checkPipeline } from '../../contracts/pipeline';

/** A checked definition from what a person would write, as an object. */
export function pipeline(source: Record<string, unknown>): PipelineDefinition {
  const checked = checkPipeline({ name: 'feature', ...source }, {});
  if ('definition' in checked) return checked.definition;
  throw new Error(checked.problems.map((problem) => `${problem.path.join('.')}: ${problem.message}`).join('\n'));
}
