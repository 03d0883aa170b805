import { DEFAULT_LIMITS } from '../run';
import { suggestion } from '../nearest-word';
import type { NestedPipelineFile, PipelineFile, StageFile } from '../schemas/pipeline';
import { findCircle } from './graph';
import { convertInput } from './inputs';
import { fieldProblem, problemAt } from './problem';
import type { Path, Problem } from './problem';

/** A name, when the stage nests a pipeline that is known beforehand. */
export function staticName(stage: StageFile): string | undefined {
  return stage.pipeline === undefined || stage.pipeline.includes('{{') ? undefined : stage.pipeline.trim();
}

/** Does the text name a file and not a pipeline of this one? */
export function isFileName(text: string): boolean {
  return /[/\\]/.test(text) || /\.(?:ya?ml|json|[cm]?[jt]s)$/.test(text);
}

/** Mistakes in what stages nest: unknown names, inputs that do not fit. */
export function checkNestedStages(
  stages: Readonly<Record<string, StageFile>>,
  pipelines: PipelineFile['pipelines'],
  declared: ReadonlySet<string>,
  path: Path,
): Problem[] {
  return Object.entries(stages).flatMap(([id, stage]) => {
    const name = staticName(stage);
    if (name === undefined || name === '') return [];
    const at = [...path, id];
    const nested = Object.hasOwn(pipelines, name) ? pipelines[name] : undefined;
    if (nested !== undefined) return checkWith(name, nested, stage.with ?? {}, at);
    return declared.has(name) ? [] : [unknownPipeline(name, declared, [...at, 'pipeline'])];
  });
}

/** Pipelines that nest each other without end, or deeper than a run may. */
export function checkNestingDepth(file: PipelineFile): Problem[] {
  const nests = new Map(Object.entries(file.pipelines).map(([name, body]) => [name, namesIn(body)]));
  const reported = new Set<string>();
  const circles = [...nests.keys()].flatMap((name) => {
    if (reported.has(name)) return [];
    const circle = nests.get(name)?.includes(name) === true ? [name, name] : findCircle(name, nests);
    for (const member of circle ?? []) reported.add(member);
    if (circle === undefined) return [];
    return [problemAt(['pipelines', name], `nests itself: ${circle.join(' -> ')}`, { hint: 'No run could end.' })];
  });
  if (circles.length > 0) return circles;
  const depth = Math.max(0, ...namesIn(file).map((name) => depthOf(name, nests, 0)));
  if (depth <= DEFAULT_LIMITS.nestingDepth) return [];
  return [problemAt(['pipelines'], `pipelines nest ${depth} deep, more than ${DEFAULT_LIMITS.nestingDepth}`)];
}

function namesIn(pipeline: NestedPipelineFile): string[] {
  return Object.values(pipeline.stages).flatMap((stage) => staticName(stage) ?? []);
}

function depthOf(name: string, nests: ReadonlyMap<string, readonly string[]>, above: number): number {
  // Without circles a way is no longer than there are pipelines; beyond the limit the exact depth does not matter.
  if (above > DEFAULT_LIMITS.nestingDepth || !nests.has(name)) return above;
  return Math.max(above + 1, ...(nests.get(name) ?? []).map((inner) => depthOf(inner, nests, above + 1)));
}

function unknownPipeline(name: string, declared: ReadonlySet<string>, path: Path): Problem {
  if (isFileName(name)) {
    const hint = 'Only a pipeline that is read from a file can name another file.';
    return fieldProblem(path, `"${name}" is a file, and this pipeline was not read from one`, { hint });
  }
  return problemAt(path, `nests "${name}", which is no pipeline here`, {
    hint: suggestion(name, declared) ?? 'Pipelines stand under pipelines, files begin with ./.',
  });
}

function checkWith(
  name: string,
  nested: NestedPipelineFile,
  values: NonNullable<StageFile['with']>,
  path: Path,
): Problem[] {
  const known = Object.keys(nested.inputs);
  const unknown = Object.keys(values).filter((input) => !Object.hasOwn(nested.inputs, input));
  const missing = Object.entries(nested.inputs).filter(([input, { default: byDefault }]) => {
    return byDefault === undefined && !Object.hasOwn(values, input);
  });
  return [
    ...unknown.map((input) => {
      const hint = known.length === 0 ? 'It takes none.' : suggestion(input, known);
      return problemAt([...path, 'with', input], `pipeline "${name}" has no input "${input}"`, { hint, atKey: true });
    }),
    ...missing.map(([input]) => {
      const hint = `Give it with: { ${input}: … }.`;
      return problemAt([...path, 'with'], `pipeline "${name}" needs the input "${input}"`, { hint });
    }),
    ...Object.entries(values).flatMap(([input, value]) => {
      const type = Object.hasOwn(nested.inputs, input) ? nested.inputs[input]?.type : undefined;
      if (type === undefined || (typeof value === 'string' && value.includes('{{'))) return [];
      const converted = convertInput(value, type);
      return 'value' in converted ? [] : [fieldProblem([...path, 'with', input], converted.message)];
    }),
  ];
}
