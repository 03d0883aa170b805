import type { StageKey } from './ids';
import type { Workspace } from './run';

/**
 * What takes back one effect on the outside world. Registered before the effect is made, so it must be idempotent
 * and do nothing where the effect never happened. Undos run newest first.
 */
export interface Undo {
  /** Unique within the run: `<stage>#<turn>/<what>`. */
  readonly id: string;
  readonly stage: StageKey;
  /** For people: `remove the worktree and branch gantry/…`. */
  readonly label: string;
  readonly action: UndoAction | CommandUndo;
}

/** A stage's own `undo` command, rendered when it is needed: it may name what the stage produced. */
export interface CommandUndo {
  readonly kind: 'stage-command';
}

export type UndoAction =
  | { readonly kind: 'remove-workspace'; readonly workspace: WorkspaceClaim }
  | { readonly kind: 'unmerge'; readonly repository: string; readonly into: string; readonly mergeId: string }
  | { readonly kind: 'stop-service'; readonly project: string; readonly name: string; readonly releaseId: string }
  | {
      readonly kind: 'command';
      readonly command: string;
      readonly env: Readonly<Record<string, string>>;
      readonly secrets: readonly string[];
      readonly workspace?: Workspace;
    };

/** A workspace by name: known before it exists, so that its undo can be registered first. */
export interface WorkspaceClaim {
  readonly repo: string;
  readonly runId: string;
  readonly branch: string;
  /** Absent for the run's own worktree, the stage's slug for a stage's. */
  readonly stage?: string;
}
