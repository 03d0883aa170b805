import { ANY, NUMBER, TEXT, typeOfShape } from '../expressions';
import type { ExpressionEnvironment, ObjectType, ValueType } from '../expressions';
import { STAGE_STATUSES } from '../run';
import { MODES } from '../schemas/pipeline';
import type { NestedPipelineFile, StageFile } from '../schemas/pipeline';

/** What expressions of one pipeline can name, wherever they stand. */
export interface PipelineNames {
  readonly inputs: ObjectType;
  readonly run: ObjectType;
  readonly stages: Readonly<Record<string, ValueType>>;
  /** Stages that some other one names in `on-failure.fix`. */
  readonly fixers: ReadonlySet<string>;
}

/** Fields of `run`. A test holds them against what the workflow provides. */
const RUN_FIELDS: Record<string, ValueType> = {
  id: TEXT,
  project: TEXT,
  pipeline: TEXT,
  mode: { kind: 'words', words: MODES },
  priority: NUMBER,
  branch: TEXT,
  base: TEXT,
  after: ANY,
};

const FAILURE: ObjectType = {
  kind: 'object',
  noun: 'field',
  emptyUntil: 'a stage has failed that this one fixes',
  fields: { stage: TEXT, message: TEXT, evidence: TEXT },
};

/**
 * Names for the expressions of a pipeline.
 * @param declared Ids as written: a stage that could not be read may be anything.
 * @param ports Of the run: a nested pipeline works in the worktree of the one that nests it.
 */
export function namesOf(
  pipeline: NestedPipelineFile,
  declared: ReadonlySet<string>,
  ports: readonly string[],
): PipelineNames {
  const inputs = Object.entries(pipeline.inputs).map(([name, { type }]) => [name, typeOfShape(type)] as const);
  const portFields = Object.fromEntries(ports.map((port) => [port, NUMBER]));
  const fixers = Object.values(pipeline.stages).flatMap((stage) => {
    const onFailure = stage['on-failure'];
    return typeof onFailure === 'object' ? onFailure.fix : [];
  });
  return {
    inputs: { kind: 'object', noun: 'input', fields: Object.fromEntries(inputs) },
    run: { kind: 'object', noun: 'field', fields: { ...RUN_FIELDS, ports: objectOf('port', portFields) } },
    stages: Object.fromEntries([...declared].map((id) => [id, typeOfStage(pipeline.stages[id])])),
    fixers: new Set(fixers),
  };
}

/**
 * The names one stage's texts may use.
 * @param visible Stages that have ended; undefined for all, when the graph has mistakes of its own.
 * @param own What only this place sees: `output` in accept, the stage itself in undo.
 */
export function environmentOf(
  names: PipelineNames,
  at: { readonly id?: string; readonly stage?: StageFile },
  visible: ReadonlySet<string> | undefined,
  own: { readonly output?: boolean; readonly itself?: boolean } = {},
): ExpressionEnvironment {
  const { id, stage } = at;
  const seen = (other: string) => (other === id ? own.itself === true : visible === undefined || visible.has(other));
  const fields: Record<string, ValueType> = {
    inputs: names.inputs,
    run: names.run,
    stages: stagesSeen(names, seen, id),
  };
  const withheld: Record<string, { message: string; hint: string }> = {};
  if (stage?.matrix === undefined)
    withheld['matrix'] = { message: 'the stage has no matrix', hint: 'Give it one, or use inputs.' };
  else
    fields['matrix'] = objectOf(
      'axis of the matrix',
      Object.fromEntries(Object.keys(stage.matrix).map((axis) => [axis, ANY])),
    );
  if (own.output === true) fields['output'] = typeOfShape(stage?.output);
  else
    withheld['output'] = {
      message: 'only accept sees output',
      hint: 'Write stages.NAME.output for that of another stage.',
    };
  if (id !== undefined && names.fixers.has(id)) fields['failure'] = FAILURE;
  else
    withheld['failure'] = {
      message: 'only a stage that another names in on-failure.fix sees failure',
      hint: 'Write stages.NAME.status.',
    };
  return { kind: 'object', noun: 'name', fields, withheld };
}

function stagesSeen(names: PipelineNames, seen: (id: string) => boolean, id: string | undefined): ObjectType {
  const all = Object.entries(names.stages);
  return {
    kind: 'object',
    noun: 'stage',
    fields: Object.fromEntries(all.filter(([other]) => seen(other))),
    withheld: Object.fromEntries(all.filter(([other]) => !seen(other)).map(([other]) => [other, notYet(other, id)])),
  };
}

function notYet(other: string, id: string | undefined): { message: string; hint: string } {
  if (other === id)
    return { message: 'a stage sees nothing of itself here', hint: 'accept sees it as output, undo by its name.' };
  if (id === undefined) return { message: 'no stage has run yet', hint: 'Use inputs or run.' };
  return { message: `stage "${other}" does not end before this one`, hint: `Add "${other}" to needs.` };
}

/** As the workflow provides it; a stage in cells has a list of outputs. */
function typeOfStage(stage: StageFile | undefined): ValueType {
  if (stage === undefined) return ANY;
  const output = typeOfShape(stage.output);
  const fields = { status: { kind: 'words', words: STAGE_STATUSES } as const, output };
  if (stage.matrix === undefined) return objectOf('field', { ...fields, turn: NUMBER });
  return objectOf('field', { ...fields, output: { kind: 'list', item: output } });
}

function objectOf(noun: string, fields: Record<string, ValueType>): ObjectType {
  return { kind: 'object', noun, fields };
}
