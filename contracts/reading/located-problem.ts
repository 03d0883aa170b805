import { problemText, type Problem } from '../pipeline/problem';

/** A problem with its place in a file; line and column count from 1. */
export interface LocatedProblem extends Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `feature.yaml:21:5  stage "test": needs "frontnd", which is no stage here. Did you mean "frontend"?` */
export function renderProblem(problem: LocatedProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}  ${problemText(problem)}`;
}
