import type { PipelineDefinition, StageDefinition, StageKind } from '../definition';
import { isMapping, valueAt } from '../reading/values';
import type { NestedPipelineFile, PipelineFile } from '../schemas/pipeline';
import { checkNestedStages, checkNestingDepth } from './check-nesting';
import { checkChain } from './check-session';
import { checkStage } from './check-stage';
import { checkSetup, checkTexts } from './check-texts';
import { checkWorkspace, chooseWorkspaces } from './choose-workspaces';
import type { KindedStage } from './choose-workspaces';
import { completeStage } from './complete-stage';
import type { Defaults } from './complete-stage';
import { given } from './given';
import { namesOf } from './environment';
import { ancestorsOf, checkGraph } from './graph';
import { convertInput } from './inputs';
import { fieldProblem, NOT_ZERO, problemAt } from './problem';
import type { Path, Problem } from './problem';
import { readSource } from './read-source';
import { checkKind, kindOf } from './stage-kind';

export type CheckedPipeline =
  { readonly definition: PipelineDefinition } | { readonly problems: readonly [Problem, ...Problem[]] };

/**
 * Check a pipeline as a person or a stage wrote it, and fill in all defaults. Never throws: every mistake there is
 * comes back at once, in the order of the source.
 * @param options.name For a source that has none of its own, such as one a stage made.
 */
export function checkPipeline(source: unknown, options: { readonly name?: string } = {}): CheckedPipeline {
  const named = isMapping(source) && options.name !== undefined ? { name: options.name, ...source } : source;
  const { file, problems: found } = readSource(named);
  if (file === undefined) return withProblems(found);
  const pieces = Object.entries(file.pipelines).map(([name, body]) => {
    const defaults = { ...file.defaults, ...body.defaults };
    return [name, checkBody(body, defaults, file, named, found, ['pipelines', name])] as const;
  });
  const top = checkBody(file, file.defaults, file, named, found, []);
  const problems = [
    ...found,
    ...checkPorts(file),
    ...checkSetup(file.setup, namesOf(file, new Set(Object.keys(file.stages)), file.ports)),
    ...top.problems,
    ...pieces.flatMap(([, piece]) => piece.problems),
    ...checkNestingDepth(file),
  ];
  if (problems.length > 0) return withProblems(inOrderOf(named, problems));
  const nested = pieces.map(([name, piece]) => [name, definitionOf(name, piece.body, piece.stages, file)] as const);
  const own = definitionOf(file.name, file, top.stages, file);
  return {
    definition: {
      ...own,
      ...given({ setup: file.setup }),
      ports: file.ports,
      after: file.after.map(({ within, ...rest }) => given({ ...rest, withinMs: within })),
      pipelines: Object.fromEntries(nested),
    },
  };
}

interface CheckedBody {
  readonly body: NestedPipelineFile;
  readonly stages: readonly StageDefinition[];
  readonly problems: readonly Problem[];
}

/** @param found What was already reported of the whole source: a rule stays silent where it could only repeat it. */
function checkBody(
  body: NestedPipelineFile,
  defaults: Defaults,
  file: PipelineFile,
  source: unknown,
  found: readonly Problem[],
  path: Path,
): CheckedBody {
  const written = valueAt(source, [...path, 'stages']);
  const declared = new Set(isMapping(written) ? Object.keys(written) : []);
  const at: Path = [...path, 'stages'];
  const stages = new Map(
    Object.entries(body.stages).map(([id, stage]): [string, KindedStage] => {
      return [id, { stage, kind: kindOf(stage, defaults) }];
    }),
  );
  const needs = new Map([...stages].map(([id, { stage }]) => [id, stage.needs]));
  const graphProblems = checkGraph(needs, declared, at);
  const whole = graphProblems.length === 0 && !found.some((problem) => hidesNeeds(problem, at));
  const ancestors = ancestorsOf(needs);
  const kinds = new Map<string, StageKind>([...stages].map(([id, { kind }]) => [id, kind]));
  const reported = (id: string) => found.some((problem) => startsWith(problem.path, [...at, id]));
  const stageProblems = [...stages].flatMap(([id, one]) => {
    const around = { id, declared, kinds, defaults, ancestors: whole ? ancestors.get(id) : undefined };
    const here = [...at, id];
    return [
      ...checkKind(one.stage, one.kind, here, reported(id)),
      ...checkWorkspace(one, here),
      ...checkStage(one.stage, one.kind, around, here),
    ];
  });
  const pipelines = valueAt(source, ['pipelines']);
  const known = new Set(isMapping(pipelines) ? Object.keys(pipelines) : []);
  const names = namesOf(body, declared, file.ports);
  const workspaces = chooseWorkspaces(stages, ancestors);
  return {
    body,
    stages: [...stages].map(([id, { stage, kind }]) => {
      return completeStage(id, stage, kind, defaults, workspaces.get(id) ?? 'none');
    }),
    problems: [
      ...checkPipelineFields(body, written, path),
      ...graphProblems,
      ...stageProblems,
      ...checkTexts(body, names, whole ? ancestors : undefined, path),
      ...checkNestedStages(body.stages, file.pipelines, known, at),
    ],
  };
}

/** Could the problem have left out an edge between stages? */
function hidesNeeds({ path }: Problem, stages: Path): boolean {
  return startsWith(path, stages) && (path.length <= stages.length + 1 || path[stages.length + 1] === 'needs');
}

function checkPipelineFields(body: NestedPipelineFile, written: unknown, path: Path): Problem[] {
  const problems: Problem[] = [];
  if (isMapping(written) && Object.keys(written).length === 0) {
    problems.push(fieldProblem([...path, 'stages'], 'must hold at least one stage'));
  }
  if (body.timeout === 0) problems.push(fieldProblem([...path, 'timeout'], NOT_ZERO));
  if (body.defaults.timeout === 0) problems.push(fieldProblem([...path, 'defaults', 'timeout'], NOT_ZERO));
  if (body.defaults['stuck-after'] === 0) problems.push(fieldProblem([...path, 'defaults', 'stuck-after'], NOT_ZERO));
  if (body.defaults.chain !== undefined)
    problems.push(...checkChain(body.defaults.chain, undefined, [...path, 'defaults', 'chain']));
  for (const [name, { type, default: byDefault }] of Object.entries(body.inputs)) {
    if (byDefault === undefined || fitsAsWritten(byDefault, type)) continue;
    const converted = convertInput(byDefault, type);
    const word = type === 'boolean' ? 'true or false' : type === 'integer' ? 'a whole number' : 'a number';
    const message = 'message' in converted ? converted.message : `must be ${word}, got ${JSON.stringify(byDefault)}`;
    const hint =
      type === 'string' ? 'Put it in quotes.' : 'value' in converted ? 'Take it out of its quotes.' : undefined;
    problems.push(fieldProblem([...path, 'inputs', name, 'default'], message, { hint }));
  }
  return problems;
}

function fitsAsWritten(value: string | number | boolean, type: string): boolean {
  if (type === 'any') return true;
  return type === 'integer' ? Number.isSafeInteger(value) : typeof value === type;
}

const MAX_PORTS = 20;

function checkPorts({ ports }: PipelineFile): Problem[] {
  const twice = ports.findIndex((port, index) => ports.indexOf(port) !== index);
  if (twice >= 0) return [problemAt(['ports', twice], `ports names "${ports[twice]}" twice`)];
  return ports.length <= MAX_PORTS
    ? []
    : [fieldProblem(['ports'], `must be at most ${MAX_PORTS}, got ${ports.length}`)];
}

function definitionOf(
  name: string,
  body: NestedPipelineFile,
  stages: readonly StageDefinition[],
  file: PipelineFile,
): PipelineDefinition {
  return {
    name,
    ...given({ description: body.description, timeoutMs: body.timeout, budgetUsd: body.budget, output: body.output }),
    inputs: Object.fromEntries(Object.entries(body.inputs).map(([input, declaration]) => [input, given(declaration)])),
    mode: file.mode ?? 'fix_forward',
    ports: [],
    onFailure: body['on-failure'],
    after: [],
    stages,
    pipelines: {},
  };
}

function withProblems(problems: readonly Problem[]): CheckedPipeline {
  const [first = problemAt([], 'cannot be read'), ...others] = problems;
  return { problems: [first, ...others] };
}

/** Problems as a reader of the source meets them. */
function inOrderOf(source: unknown, problems: readonly Problem[]): Problem[] {
  const keyed = problems.map((problem) => ({ problem, position: positionOf(source, problem.path) }));
  return keyed.sort((a, b) => comparePositions(a.position, b.position)).map(({ problem }) => problem);
}

function positionOf(source: unknown, path: Path): number[] {
  return path.map((key, depth) => {
    const holder = valueAt(source, path.slice(0, depth));
    if (typeof key === 'number') return key;
    const index = isMapping(holder) ? Object.keys(holder).indexOf(key) : -1;
    return index < 0 ? Number.MAX_SAFE_INTEGER : index;
  });
}

function comparePositions(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((position, depth) => position !== b[depth]);
  if (index < 0) return a.length - b.length;
  return (a[index] ?? -1) - (b[index] ?? -1);
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((key, index) => path[index] === key);
}
