import type { StageKind } from '../definition';
import type { StageFile } from '../schemas/pipeline';
import { checkPeople } from './check-people';
import { poolsOf } from './complete-stage';
import type { Defaults } from './complete-stage';
import { fieldProblem, NOT_ZERO } from './problem';
import type { Path, Problem } from './problem';

export function checkSession(stage: StageFile, path: Path): Problem[] {
  const { questions } = stage;
  return [
    ...(stage['stuck-after'] === 0 ? [fieldProblem([...path, 'stuck-after'], NOT_ZERO)] : []),
    ...(questions === undefined ? [] : checkPeople(questions, [...path, 'questions'])),
  ];
}

/** A prompt holds a place in each of its queues. */
const MAX_POOLS = 8;

export function checkPools(stage: StageFile, kind: StageKind, defaults: Defaults, path: Path): Problem[] {
  if (kind !== 'agent') return [];
  const { chain } = stage;
  const pools = poolsOf(stage, defaults).length;
  const message = `makes ${pools} pools with those before it, more than ${MAX_POOLS}`;
  const many = pools > MAX_POOLS ? [fieldProblem([...path, 'chain'], message)] : [];
  return chain === undefined ? many : [...checkChain(chain, stage.pool ?? stage.agent, [...path, 'chain']), ...many];
}

/** @param first The pool that is asked before the chain. */
export function checkChain(chain: readonly string[], first: string | undefined, path: Path): Problem[] {
  if (chain.length === 0) return [fieldProblem(path, 'is empty', { hint: 'Take it out.' })];
  return chain.flatMap((pool, index) => {
    const hint = 'Name each pool once, in the order they are asked.';
    if (pool === first)
      return [fieldProblem([...path, index], `names "${pool}", which is asked first already`, { hint })];
    return chain.indexOf(pool) < index ? [fieldProblem([...path, index], `names "${pool}" twice`, { hint })] : [];
  });
}
