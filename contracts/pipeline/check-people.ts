import { formatDuration } from '../duration';
import type { StageFile } from '../schemas/pipeline';
import { fieldProblem, NOT_ZERO } from './problem';
import type { Path, Problem } from './problem';

/** Those who are asked, and when: of a gate, or of what an agent wants to know. */
type Asked = Pick<NonNullable<StageFile['gate']>, 'approvers' | 'min' | 'deadline' | 'remind' | 'escalate'>;

/** Can they decide at all, and does each time come before the next? */
export function checkPeople(gate: Asked, at: Path): Problem[] {
  const problems: Problem[] = [];
  const people = new Set([...gate.approvers, ...(gate.escalate?.to ?? [])]);
  if (gate.approvers.length === 0) {
    const hint = 'Name somebody, or * for anybody.';
    problems.push(fieldProblem([...at, 'approvers'], 'is empty: nobody could open the gate', { hint }));
  } else if (!people.has('*') && gate.min > people.size) {
    const message = `is ${gate.min}, but only ${people.size} may approve: nobody could open the gate`;
    problems.push(fieldProblem([...at, 'min'], message));
  }
  if (gate.escalate?.to.length === 0) problems.push(fieldProblem([...at, 'escalate', 'to'], 'is empty'));
  return [...problems, ...checkGateTimes(gate, at)];
}

function checkGateTimes(gate: Asked, at: Path): Problem[] {
  const problems: Problem[] = [];
  const { deadline, remind, escalate } = gate;
  if (deadline === 0) problems.push(fieldProblem([...at, 'deadline'], NOT_ZERO));
  if (remind === 0) problems.push(fieldProblem([...at, 'remind'], NOT_ZERO));
  if (deadline === undefined || deadline === 0) return problems;
  if (remind !== undefined && remind >= deadline) {
    const message = `is ${formatDuration(remind)}, not before the deadline of ${formatDuration(deadline)}`;
    problems.push(fieldProblem([...at, 'remind'], message));
  }
  if (escalate !== undefined && escalate.after >= deadline) {
    const message = `is ${formatDuration(escalate.after)}, not before the deadline of ${formatDuration(deadline)}`;
    problems.push(fieldProblem([...at, 'escalate', 'after'], message));
  }
  return problems;
}
