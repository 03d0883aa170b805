import type { TextProblem } from '../expressions';

export type Path = readonly (string | number)[];

/** A mistake in a pipeline as written. */
export interface Problem {
  /** Where in the source: keys and list positions from its root. The place may be missing, its parent is not. */
  readonly path: Path;
  /** The nested pipeline it is in. */
  readonly pipeline?: string;
  readonly stage?: string;
  /** Within the stage or the pipeline, dotted. */
  readonly field?: string;
  /** Reads on from the stage: `needs "frontnd", which is no stage here`. */
  readonly message: string;
  /** What to do about it, a sentence. */
  readonly hint?: string;
  /** Characters before the mistake in the text at `path`. */
  readonly offset?: number;
  /** The mistake is the last key of the path itself and not what stands there. */
  readonly atKey?: true;
}

/** `stage "test": needs "frontnd", which is no stage here. Did you mean "frontend"?` */
export function problemText({ pipeline, stage, message, hint }: Problem): string {
  const where = [
    ...(pipeline === undefined ? [] : [`pipeline "${pipeline}"`]),
    ...(stage === undefined ? [] : [`stage "${stage}"`]),
  ];
  const prefix = where.length === 0 ? '' : `${where.join(', ')}: `;
  return `${prefix}${message}${/[.?!]$/.test(message) ? '' : '.'}${hint === undefined ? '' : ` ${hint}`}`;
}

export interface ProblemDetails {
  readonly hint?: string | undefined;
  readonly offset?: number;
  readonly atKey?: true;
}

/** A problem at a path of the source; pipeline, stage and field are read off the path. */
export function problemAt(path: Path, message: string, more: ProblemDetails = {}): Problem {
  const nested = path[0] === 'pipelines' && path.length > 1 ? String(path[1]) : undefined;
  const inner = nested === undefined ? path : path.slice(2);
  const stage = inner[0] === 'stages' && inner.length > 1 ? String(inner[1]) : undefined;
  const field = fieldName(stage === undefined ? inner : inner.slice(2));
  return {
    path,
    ...(nested === undefined ? {} : { pipeline: nested }),
    ...(stage === undefined ? {} : { stage }),
    ...(field === '' ? {} : { field }),
    message,
    ...(more.hint === undefined ? {} : { hint: more.hint }),
    ...(more.offset === undefined ? {} : { offset: more.offset }),
    ...(more.atKey === undefined ? {} : { atKey: more.atKey }),
  };
}

/** A problem whose message names the field: `on-failure.attempts must be …`. */
export function fieldProblem(path: Path, message: string, more: ProblemDetails = {}): Problem {
  const problem = problemAt(path, message, more);
  return problem.field === undefined ? problem : { ...problem, message: `${problem.field} ${message}` };
}

/** A mistake in an expression or a template. */
export function textProblem(path: Path, { message, hint, offset }: TextProblem): Problem {
  const problem = problemAt(path, message, { hint, offset });
  return problem.field === undefined ? problem : { ...problem, message: `${problem.field}: ${message}` };
}

/** `retry.attempts`, `attach[2].file`. */
export function fieldName(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key + 1}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}

/** Of a duration. */
export const NOT_ZERO = 'must be longer than 0';
