import { problemText } from '../../contracts/pipeline';
import type { Problem } from '../../contracts/pipeline';

/** A problem with its place in a file; line and column count from 1. */
export interface LocatedProblem extends Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A pipeline file that cannot be used. Its message has one line for each problem. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';

  constructor(readonly problems: readonly LocatedProblem[]) {
    super(problems.map(renderProblem).join('\n'));
  }
}

/** `feature.yaml:21:5  stage "test": needs "frontnd", which is no stage here. Did you mean "frontend"?` */
export function renderProblem(problem: LocatedProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}  ${problemText(problem)}`;
}
