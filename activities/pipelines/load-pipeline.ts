import type { PipelineActivities } from '../../contracts/activities';
import { checkPipeline } from '../../contracts/pipeline';
import { failure } from '../failure';

/**
 * Check and complete a pipeline that a stage made at run time, as strictly as a file. Fails: Definition.Invalid,
 * with every mistake.
 */
export const loadPipeline: PipelineActivities['loadPipeline'] = ({ source, name }) => {
  const checked = checkPipeline(source, { name });
  if ('definition' in checked) return Promise.resolve(checked.definition);
  const mistakes = checked.problems.map(({ path, message, hint }) =>
    `${path.join('.')}: ${message} ${hint ?? ''}`.trim(),
  );
  throw failure('Definition.Invalid', `The pipeline made for stage "${name}" is wrong:\n${mistakes.join('\n')}`);
};
