import type { StageKind } from '../definition';
import type { PipelineFile, StageFile } from '../schemas/pipeline';
import { fieldProblem, problemAt } from './problem';
import type { Path, Problem } from './problem';

const DOING = ['run', 'prompt', 'gate', 'merge', 'service', 'pipeline'] as const;

/** Fields that only some kinds of stages have. */
const OWNERS: Partial<Record<keyof StageFile, readonly StageKind[]>> = {
  undo: ['run'],
  backend: ['agent'],
  pool: ['agent'],
  chain: ['agent'],
  wait: ['agent'],
  'stuck-after': ['agent'],
  conversation: ['agent'],
  questions: ['agent'],
  contract: ['agent'],
  task: ['prompt', 'agent'],
  system: ['prompt'],
  model: ['prompt', 'agent'],
  attach: ['prompt', 'agent'],
  evaluate: ['prompt'],
  with: ['pipeline'],
  check: ['run', 'merge', 'service', 'check'],
  output: ['run', 'prompt', 'agent', 'pipeline'],
  accept: ['run', 'prompt', 'agent', 'pipeline'],
  env: ['run', 'agent', 'service'],
  secrets: ['run', 'agent', 'service'],
  retry: ['run', 'prompt', 'agent', 'merge', 'service', 'check'],
};

/** Kinds that a fix loop can run again. */
export const FIXABLE: readonly StageKind[] = ['agent', 'prompt', 'run'];

/**
 * What a stage does. A prompt goes to an agent when it names one, or asks for what only an agent has and there is a
 * default agent. A stage that names two things is taken for the first.
 */
export function kindOf(stage: StageFile, defaults: PipelineFile['defaults']): StageKind {
  const hasDefault = defaults.agent !== undefined || defaults.chain !== undefined;
  const kind = DOING.find((field) => stage[field] !== undefined);
  const names = stage.agent !== undefined || stage.pool !== undefined || stage.chain !== undefined;
  if (kind === undefined) return names ? 'agent' : 'check';
  if (kind !== 'prompt') return kind;
  const wantsAgent = stage.contract !== undefined || stage.backend !== undefined;
  return names || (wantsAgent && hasDefault) ? 'agent' : 'prompt';
}

/** The kind in a sentence. */
export function aStage(kind: StageKind): string {
  return `${kind === 'agent' ? 'an' : 'a'} ${kind} stage`;
}

/** Does the stage do exactly one thing, and has it only fields that go with it? */
export function checkKind(stage: StageFile, kind: StageKind, path: Path, reported: boolean): Problem[] {
  const does = DOING.filter((field) => stage[field] !== undefined);
  if (does.length > 1)
    return [problemAt(path, `does one thing only, got ${does.join(' and ')}`, { hint: 'Make it two stages.' })];
  if (stage.agent !== undefined && stage.prompt === undefined) {
    return reported && does.length === 0 ? [] : [fieldProblem([...path, 'agent'], 'needs a prompt')];
  }
  if (does.length === 0 && stage.check === undefined) {
    const hint = `Give it one of ${DOING.join(', ')} or check.`;
    return reported ? [] : [problemAt(path, 'does nothing', { hint })];
  }
  return [...checkOwners(stage, kind, path), ...checkMainText(stage, path)];
}

function checkOwners(stage: StageFile, kind: StageKind, path: Path): Problem[] {
  const problems = Object.entries(OWNERS).flatMap(([field, owners]) => {
    if (stage[field as keyof StageFile] === undefined || owners.includes(kind)) return [];
    const message = `goes with ${owners.join(', ')} only, and this is ${aStage(kind)}`;
    const hint = OTHERWISE[`${kind}.${field}`];
    return [fieldProblem([...path, field], message, { hint })];
  });
  if (kind !== 'gate' || stage.timeout === undefined) return problems;
  return [...problems, fieldProblem([...path, 'timeout'], 'does not go with a gate', { hint: 'Use gate.deadline.' })];
}

/** What to write where a field is out of place but the wish is plain. */
const OTHERWISE: Record<string, string> = {
  'prompt.contract': 'Name the agent that gets the prompt, with agent.',
  'prompt.backend': 'Name the agent that gets the prompt, with agent.',
  'service.undo': 'A service is stopped by itself.',
  'merge.undo': 'A merge is taken back by itself.',
  'agent.check': 'Use contract.run.',
  'agent.system': 'Say it in the prompt.',
  'agent.evaluate': 'Use contract.run or accept.',
};

function checkMainText(stage: StageFile, path: Path): Problem[] {
  const fields = ['run', 'prompt', 'pipeline', 'undo'] as const;
  const empty = fields.filter((field) => stage[field] !== undefined && stage[field].trim() === '');
  const problems = empty.map((field) => fieldProblem([...path, field], 'is empty'));
  if (stage.service?.run.trim() !== '') return problems;
  return [...problems, fieldProblem([...path, 'service', 'run'], 'is empty')];
}
