import type { StageKind } from '../definition';
import { formatDuration } from '../duration';
import { suggestion } from '../nearest-word';
import { RESERVED_VARIABLE } from '../expressions';
import { checkShape } from '../schemas/output';
import type { StageFile } from '../schemas/pipeline';
import { checkEvaluations } from './check-evaluation';
import { checkPeople } from './check-people';
import { checkPools, checkSession } from './check-session';
import { checkDurationMs, commitRange, completeCheck } from './complete-stage';
import type { Defaults } from './complete-stage';
import { fieldProblem, NOT_ZERO, problemAt } from './problem';
import type { Path, Problem } from './problem';
import { aStage, FIXABLE } from './stage-kind';

/** What a stage's rules need to know of the others. */
export interface Surroundings {
  readonly id: string;
  /** Ids as written. */
  readonly declared: ReadonlySet<string>;
  readonly kinds: ReadonlyMap<string, StageKind>;
  readonly defaults: Defaults;
  /** Absent when the graph has mistakes of its own, from which others would only follow. */
  readonly ancestors: ReadonlySet<string> | undefined;
}

/** The rules within one stage, and those about stages it names; not its texts. */
export function checkStage(stage: StageFile, kind: StageKind, around: Surroundings, path: Path): Problem[] {
  return [
    ...checkTimes(stage, kind, path),
    ...checkLook(stage, kind, path),
    ...checkGate(stage, path),
    ...checkFix(stage, kind, around, path),
    ...checkMatrix(stage, path),
    ...checkOutput(stage, path),
    ...checkContract(stage, path),
    ...checkAttachments(stage, around, path),
    ...checkEvaluations(stage, path),
    ...checkVariables(stage, path),
    ...checkPort(stage, path),
    ...checkSession(stage, path),
    ...checkPools(stage, kind, around.defaults, path),
  ];
}

function checkTimes(stage: StageFile, kind: StageKind, path: Path): Problem[] {
  const zero = stage.timeout === 0 && kind !== 'gate' ? [fieldProblem([...path, 'timeout'], NOT_ZERO)] : [];
  if (stage.check === undefined || stage.timeout === undefined || stage.timeout === 0) return zero;
  const needed = checkDurationMs(completeCheck(stage.check));
  if (stage.timeout >= needed) return zero;
  const message = `is ${formatDuration(stage.timeout)}, but the check may take ${formatDuration(needed)}`;
  return [
    fieldProblem([...path, 'timeout'], message, { hint: 'Make timeout longer, or check.within or check.for shorter.' }),
  ];
}

function checkLook({ check }: StageFile, _kind: StageKind, path: Path): Problem[] {
  if (check === undefined) return [];
  const at: Path = [...path, 'check'];
  const problems: Problem[] = [];
  if ((check.http === undefined) === (check.run === undefined)) {
    problems.push(fieldProblem(at, 'needs exactly one of http and run'));
  }
  if (check.contains !== undefined && check.http === undefined) {
    problems.push(fieldProblem([...at, 'contains'], 'goes with http only'));
  }
  if (check.every === 0) problems.push(fieldProblem([...at, 'every'], NOT_ZERO));
  if (check.within === 0) problems.push(fieldProblem([...at, 'within'], NOT_ZERO));
  return problems;
}

function checkGate({ gate }: StageFile, path: Path): Problem[] {
  return gate === undefined ? [] : checkPeople(gate, [...path, 'gate']);
}

function checkFix(stage: StageFile, kind: StageKind, around: Surroundings, path: Path): Problem[] {
  const onFailure = stage['on-failure'];
  if (onFailure === undefined || typeof onFailure === 'string') return [];
  const at: Path = [...path, 'on-failure'];
  const problems = onFailure.fix.flatMap((other, index) => checkFixer(other, around, [...at, 'fix', index]));
  if (onFailure.fix.length === 0) problems.push(fieldProblem([...at, 'fix'], 'is empty'));
  if (kind === 'gate' && onFailure.then === 'gate') {
    problems.push(fieldProblem([...at, 'then'], 'must not be gate on a gate', { hint: 'Write fail or continue.' }));
  }
  return problems;
}

function checkFixer(other: string, { id, declared, kinds, ancestors }: Surroundings, path: Path): Problem[] {
  const names = `on-failure.fix names "${other}"`;
  if (other === id)
    return [problemAt(path, `${names}, the stage itself`, { hint: 'Use retry to try it again as it is.' })];
  if (!declared.has(other)) {
    return [problemAt(path, `${names}, which is no stage here`, { hint: suggestion(other, ancestors ?? declared) })];
  }
  const kind = kinds.get(other);
  if (kind !== undefined && !FIXABLE.includes(kind)) {
    return [problemAt(path, `${names}, ${aStage(kind)}: only ${FIXABLE.join(', ')} stages can be run again to fix`)];
  }
  if (ancestors === undefined || ancestors.has(other)) return [];
  return [problemAt(path, `${names}, which does not end before this stage`, { hint: `Add "${other}" to needs.` })];
}

const MAX_CELLS = 256;

function checkMatrix({ matrix }: StageFile, path: Path): Problem[] {
  if (matrix === undefined) return [];
  const at: Path = [...path, 'matrix'];
  const axes = Object.entries(matrix);
  if (axes.length === 0) return [fieldProblem(at, 'is empty', { hint: 'Take it out, or give it a list.' })];
  const problems = axes.flatMap(([axis, values]) => checkAxis(values, [...at, axis]));
  const lists = axes.map(([, values]) => values).filter((values) => Array.isArray(values));
  const cells = lists.reduce((product, values) => product * values.length, 1);
  if (cells > MAX_CELLS) return [...problems, fieldProblem(at, `makes ${cells} cells, more than ${MAX_CELLS}`)];
  return problems;
}

function checkAxis(values: readonly unknown[] | string, path: Path): Problem[] {
  if (typeof values === 'string') return [];
  if (values.length === 0) return [fieldProblem(path, 'is an empty list: the stage would never run')];
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  return twice === undefined ? [] : [fieldProblem(path, `holds ${JSON.stringify(twice)} twice`)];
}

function checkOutput({ output }: StageFile, path: Path): Problem[] {
  if (output === undefined) return [];
  const problems = checkShape(output, [...path, 'output']);
  return problems.map((problem) => fieldProblem(problem.path, problem.message, { hint: problem.hint }));
}

function checkContract({ contract, workspace }: StageFile, path: Path): Problem[] {
  if (contract === undefined) return [];
  const at: Path = [...path, 'contract'];
  if (workspace === 'none' && contract.commits !== undefined)
    return [fieldProblem([...at, 'commits'], 'needs a workspace', { hint: 'Take out workspace: none.' })];
  const { minCommits = 0, maxCommits = Infinity } = commitRange(contract.commits);
  const files = contract.files.flatMap((file, index) => checkPath(file, [...at, 'files', index]));
  if (minCommits <= maxCommits) return files;
  return [fieldProblem([...at, 'commits'], `asks for at least ${minCommits} and at most ${maxCommits}`), ...files];
}

function checkAttachments(stage: StageFile, { declared, ancestors }: Surroundings, path: Path): Problem[] {
  return (stage.attach ?? []).flatMap((one, index): Problem[] => {
    const at: Path = [...path, 'attach', index];
    if (one === 'diff') return [];
    if ('file' in one) return checkPath(one.file, [...at, 'file']);
    if (!declared.has(one.log)) {
      const hint = suggestion(one.log, ancestors ?? declared);
      return [fieldProblem([...at, 'log'], `names "${one.log}", which is no stage here`, { hint })];
    }
    if (ancestors === undefined || ancestors.has(one.log)) return [];
    const hint = `Add "${one.log}" to needs.`;
    return [fieldProblem([...at, 'log'], `names "${one.log}", which does not end before this stage`, { hint })];
  });
}

/** The written part of a path; what a hole brings is checked where it is used. */
function checkPath(text: string, path: Path): Problem[] {
  if (text.trim() === '') return [fieldProblem(path, 'is empty')];
  if (/^(?:[\\/]|[A-Za-z]:|~)/.test(text))
    return [fieldProblem(path, `must be a path within the workspace, got "${text}"`)];
  if (!text.split(/[\\/]/).includes('..')) return [];
  return [fieldProblem(path, `must not lead out of the workspace, got "${text}"`)];
}

function checkVariables({ env = {}, secrets = [] }: StageFile, path: Path): Problem[] {
  const kept = 'is kept for gantry itself, as all of GANTRY_…';
  return [
    ...Object.keys(env).flatMap((name) => {
      const at = [...path, 'env', name];
      if (RESERVED_VARIABLE.test(name)) return [fieldProblem(at, kept, { atKey: true })];
      return secrets.includes(name) ? [fieldProblem(at, 'is among the secrets too', { atKey: true })] : [];
    }),
    ...secrets.flatMap((name, index) => {
      return RESERVED_VARIABLE.test(name) ? [fieldProblem([...path, 'secrets', index], `"${name}" ${kept}`)] : [];
    }),
  ];
}

function checkPort({ service }: StageFile, path: Path): Problem[] {
  const port = service?.port;
  if (port === undefined || port.includes('{{')) return [];
  if (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535) return [];
  const message = `must be a port between 1 and 65535, or a template such as "{{ run.ports.web }}", got "${port}"`;
  return [fieldProblem([...path, 'service', 'port'], message)];
}
