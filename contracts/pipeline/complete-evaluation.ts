import type { Evaluation } from '../evaluation';
import type { StageFile } from '../schemas/pipeline';
import { given } from './given';

type EvaluationFile = NonNullable<StageFile['evaluate']>[number];

const AT_LEAST = 0.7;

/** Checked evaluations with all defaults filled in: what can be computed first, judges last, else in their order. */
export function completeEvaluations(evaluations: readonly EvaluationFile[]): Evaluation[] {
  const all = evaluations.map(completeEvaluation);
  return [...all.filter(({ kind }) => kind !== 'judge'), ...all.filter(({ kind }) => kind === 'judge')];
}

function completeEvaluation(evaluation: EvaluationFile): Evaluation {
  const { matches, lacks, length, compiles, run, judge = '', model } = evaluation;
  if (matches !== undefined) return { kind: 'matches', pattern: matches };
  if (lacks !== undefined) return { kind: 'lacks', pattern: lacks };
  if (length !== undefined) return { kind: 'length', ...lengthRange(length) };
  if (compiles !== undefined) return { kind: 'compiles', languages: compiles };
  if (run !== undefined) return { kind: 'run', run };
  const onError = evaluation['on-error'] ?? 'fail';
  return { kind: 'judge', criteria: judge, ...given({ model }), atLeast: evaluation['at-least'] ?? AT_LEAST, onError };
}

/** `100..`, `..4000`, `100..4000`. */
export function lengthRange(text: string): { min?: number; max?: number } {
  const [min = '', max = ''] = text.split('..');
  return given({ min: min === '' ? undefined : Number(min), max: max === '' ? undefined : Number(max) });
}
