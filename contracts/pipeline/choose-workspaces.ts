import type { StageDefinition, StageKind } from '../definition';
import type { StageFile } from '../schemas/pipeline';
import type { Ancestors } from './graph';
import { fieldProblem } from './problem';
import type { Path, Problem } from './problem';
import { aStage } from './stage-kind';

export type WorkspaceChoice = StageDefinition['workspace'];

export interface KindedStage {
  readonly stage: StageFile;
  readonly kind: StageKind;
}

/**
 * Where each stage works. An agent or a nested pipeline gets a worktree of its own when another stage may be at work in
 * the shared one at the same time, or it works in several cells: two agents that edit one worktree undo each other's work.
 */
export function chooseWorkspaces(
  stages: ReadonlyMap<string, KindedStage>,
  ancestors: Ancestors,
): ReadonlyMap<string, WorkspaceChoice> {
  const working = [...stages].filter(([, one]) => worksInFiles(one)).map(([id]) => id);
  return new Map([...stages].map(([id, one]) => [id, one.stage.workspace ?? choose(id, one, working, ancestors)]));
}

/** A choice the kind of stage cannot work with. */
export function checkWorkspace({ stage, kind }: KindedStage, path: Path): Problem[] {
  const { workspace } = stage;
  const possible = POSSIBLE[kind];
  if (workspace === undefined || possible.includes(workspace)) return [];
  const words = possible.join(' or ');
  return [fieldProblem([...path, 'workspace'], `must be ${words} in ${aStage(kind)}, got "${workspace}"`)];
}

const POSSIBLE: Record<StageKind, readonly WorkspaceChoice[]> = {
  run: ['shared', 'own', 'none'],
  prompt: ['shared', 'none'],
  agent: ['shared', 'own', 'none'],
  gate: ['none'],
  merge: ['shared'],
  service: ['shared'],
  check: ['shared', 'none'],
  pipeline: ['shared', 'own', 'none'],
};

function choose(id: string, one: KindedStage, working: readonly string[], ancestors: Ancestors): WorkspaceChoice {
  if (!worksInFiles(one)) return 'none';
  if (one.kind !== 'agent' && one.kind !== 'pipeline') return 'shared';
  const company = working.some((other) => other !== id && mayRunBeside(id, other, ancestors));
  return company || one.stage.matrix !== undefined ? 'own' : 'shared';
}

/** A nested run works in the worktree it is lent, if it works in files at all: the engine looks when it begins. */
function worksInFiles({ stage, kind }: KindedStage): boolean {
  if (stage.workspace === 'none') return false;
  switch (kind) {
    case 'gate':
      return false;
    case 'check':
      return stage.check?.run !== undefined;
    case 'prompt':
      return (stage.attach ?? []).some((one) => one === 'diff' || 'file' in one);
    default:
      return true;
  }
}

function mayRunBeside(one: string, other: string, ancestors: Ancestors): boolean {
  return ancestors.get(one)?.has(other) !== true && ancestors.get(other)?.has(one) !== true;
}
