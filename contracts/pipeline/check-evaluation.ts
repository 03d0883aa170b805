import type { StageFile } from '../schemas/pipeline';
import { lengthRange } from './complete-evaluation';
import { fieldProblem } from './problem';
import type { Path, Problem } from './problem';

type EvaluationFile = NonNullable<StageFile['evaluate']>[number];

const KINDS = ['matches', 'lacks', 'length', 'compiles', 'run', 'judge'] as const;
const OF_JUDGES = ['model', 'at-least', 'on-error'] as const;

/** Does each evaluation do one thing, and can that be done? */
export function checkEvaluations({ evaluate }: StageFile, path: Path): Problem[] {
  if (evaluate === undefined) return [];
  const at: Path = [...path, 'evaluate'];
  if (evaluate.length === 0) return [fieldProblem(at, 'is empty', { hint: 'Take it out, or name what must hold.' })];
  return evaluate.flatMap((one, index) => checkEvaluation(one, [...at, index]));
}

function checkEvaluation(evaluation: EvaluationFile, at: Path): Problem[] {
  const kinds = KINDS.filter((kind) => evaluation[kind] !== undefined);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? 'nothing' : kinds.join(' and ');
    const hint = 'Write each as an entry of its own.';
    return [fieldProblem(at, `must name exactly one of ${KINDS.join(', ')}, got ${found}`, { hint })];
  }
  return [
    ...checkPattern(evaluation, 'matches', at),
    ...checkPattern(evaluation, 'lacks', at),
    ...checkLength(evaluation, at),
    ...checkJudge(evaluation, at),
  ];
}

function checkPattern(evaluation: EvaluationFile, field: 'matches' | 'lacks', at: Path): Problem[] {
  const pattern = evaluation[field];
  if (pattern === undefined) return [];
  if (pattern === '') return [fieldProblem([...at, field], 'is empty')];
  try {
    new RegExp(pattern, 'mu');
    return [];
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    return [fieldProblem([...at, field], `is no regular expression: ${reason}`)];
  }
}

function checkLength({ length }: EvaluationFile, at: Path): Problem[] {
  if (length === undefined) return [];
  const { min = 0, max = Infinity } = lengthRange(length);
  return min <= max ? [] : [fieldProblem([...at, 'length'], `asks for at least ${min} and at most ${max} characters`)];
}

function checkJudge(evaluation: EvaluationFile, at: Path): Problem[] {
  if (evaluation.judge?.trim() === '') return [fieldProblem([...at, 'judge'], 'is empty')];
  if (evaluation.judge !== undefined) return [];
  const strays = OF_JUDGES.filter((field) => evaluation[field] !== undefined);
  return strays.map((field) => fieldProblem([...at, field], 'goes with judge only'));
}
