import { problemText, type Problem } from '../pipeline/problem';
import { renderProblem, type LocatedProblem } from '../reading/located-problem';

/** A mistake of the configuration: in its file, or in a variable of the environment that stands above it. */
export type ConfigProblem = LocatedProblem | (Problem & { readonly variable: string });

/** `gantry.config.yaml:3:5  …`, or `GANTRY_PROVIDERS: …`. */
export function renderConfigProblem(problem: ConfigProblem): string {
  return 'variable' in problem ? `${problem.variable}: ${problemText(problem)}` : renderProblem(problem);
}

/** A configuration that cannot be used. Its message has one line for each problem, and no value of a key. */
export class ConfigurationInvalid extends Error {
  override readonly name = 'ConfigurationInvalid';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(renderConfigProblem).join('\n'));
  }
}

/** Where something in the source is from, when it is not from the file. */
export interface Origin {
  readonly path: readonly (string | number)[];
  readonly variable: string;
}
