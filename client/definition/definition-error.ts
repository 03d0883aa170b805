import { renderProblem } from '../../contracts/reading/located-problem';
import type { LocatedProblem } from '../../contracts/reading/located-problem';

/** A pipeline file that cannot be used. Its message has one line for each problem. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';

  constructor(readonly problems: readonly LocatedProblem[]) {
    super(problems.map(renderProblem).join('\n'));
  }
}
