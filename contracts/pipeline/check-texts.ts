import { checkCommand, checkExpression, checkTemplate } from '../expressions';
import type { ExpressionEnvironment, TextProblem } from '../expressions';
import type { NestedPipelineFile, StageFile } from '../schemas/pipeline';
import { environmentOf } from './environment';
import type { PipelineNames } from './environment';
import type { Ancestors } from './graph';
import { textProblem } from './problem';
import type { Path, Problem } from './problem';

type TextKind = 'condition' | 'expression' | 'template' | 'command';
type Place = readonly [field: Path, text: string | undefined, kind: TextKind];

/** Mistakes in the expressions and templates of a pipeline's stages, and of its output. */
export function checkTexts(
  pipeline: NestedPipelineFile,
  names: PipelineNames,
  ancestors: Ancestors | undefined,
  path: Path,
): Problem[] {
  const all = new Set(Object.keys(names.stages));
  const end = environmentOf(names, {}, all);
  const outputs = Object.entries(pipeline.output ?? {}).flatMap(([name, text]) => {
    return checkText(text, 'template', end, [...path, 'output', name]);
  });
  const stages = Object.entries(pipeline.stages).flatMap(([id, stage]) => {
    return checkStageTexts(id, stage, names, ancestors?.get(id), [...path, 'stages', id]);
  });
  return [...stages, ...outputs];
}

/** Mistakes in the command that readies a worktree: before it nothing has run. */
export function checkSetup(setup: string | undefined, names: PipelineNames): Problem[] {
  if (setup === undefined) return [];
  return checkText(setup, 'command', environmentOf(names, {}, new Set()), ['setup']);
}

function checkStageTexts(
  id: string,
  stage: StageFile,
  names: PipelineNames,
  visible: ReadonlySet<string> | undefined,
  path: Path,
): Problem[] {
  const before = environmentOf(names, { id }, visible);
  const during = environmentOf(names, { id, stage }, visible);
  const check = (environment: ExpressionEnvironment) => {
    return ([field, text, kind]: Place): Problem[] => checkText(text, kind, environment, [...path, ...field]);
  };
  return [
    ...placesBefore(stage).flatMap(check(before)),
    ...placesDuring(stage).flatMap(check(during)),
    ...placesAfter(stage).flatMap(check(environmentOf(names, { id, stage }, visible, { output: true }))),
    ...check(environmentOf(names, { id, stage }, visible, { itself: true }))([['undo'], stage.undo, 'command']),
  ];
}

/** What decides whether and how often the stage runs: it has no cells yet. */
function placesBefore(stage: StageFile): Place[] {
  const axes = Object.entries(stage.matrix ?? {}).flatMap(([axis, values]): Place[] => {
    return typeof values === 'string' ? [[['matrix', axis], values, 'expression']] : [];
  });
  return [[['when'], stage.when, 'condition'], ...axes];
}

/** What is said of what the stage has produced. */
function placesAfter(stage: StageFile): Place[] {
  const evaluations = (stage.evaluate ?? []).flatMap(({ run, judge }, index): Place[] => [
    [['evaluate', index, 'run'], run, 'command'],
    [['evaluate', index, 'judge'], judge, 'template'],
  ]);
  return [[['accept'], stage.accept, 'condition'], ...evaluations];
}

function placesDuring(stage: StageFile): Place[] {
  const { check, contract, service } = stage;
  const texts = (field: string, record: Readonly<Record<string, unknown>> | undefined): Place[] => {
    return Object.entries(record ?? {}).flatMap(([key, text]): Place[] => {
      return typeof text === 'string' ? [[[field, key], text, 'template']] : [];
    });
  };
  const files = (stage.attach ?? []).flatMap((one, index): Place[] => {
    return typeof one === 'object' && 'file' in one ? [[['attach', index, 'file'], one.file, 'template']] : [];
  });
  return [
    [['run'], stage.run, 'command'],
    [['prompt'], stage.prompt, 'template'],
    [['system'], stage.system, 'template'],
    [['pipeline'], stage.pipeline, 'template'],
    [['gate', 'message'], stage.gate?.message, 'template'],
    ...texts('merge', stage.merge),
    [['service', 'run'], service?.run, 'command'],
    [['service', 'port'], service?.port, 'template'],
    [['check', 'http'], check?.http, 'template'],
    [['check', 'contains'], check?.contains, 'template'],
    [['check', 'run'], check?.run, 'command'],
    [['contract', 'run'], contract?.run, 'command'],
    ...(contract?.files ?? []).map((file, index): Place => [['contract', 'files', index], file, 'template']),
    ...files,
    ...texts('env', stage.env),
    ...texts('with', stage.with),
  ];
}

const CHECKS: Record<TextKind, (text: string, environment: ExpressionEnvironment) => TextProblem[]> = {
  condition: (text, environment) => checkExpression(text, environment, 'condition'),
  expression: checkExpression,
  template: checkTemplate,
  command: checkCommand,
};

function checkText(
  text: string | undefined,
  kind: TextKind,
  environment: ExpressionEnvironment,
  path: Path,
): Problem[] {
  return text === undefined ? [] : CHECKS[kind](text, environment).map((problem) => textProblem(path, problem));
}
