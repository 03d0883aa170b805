import type { ArtifactStore } from '../../../activities/artifacts/artifact-store';
import type { FileStore } from '../../../activities/tasks/file-store';
import type { TaskStore } from '../../../activities/tasks/task-store';
import type { TaskDoor } from '../../doors/tasks/task-door';
import type { Catalogue } from '../catalogue';

/** What the doors to tasks and files work with. The stores are those of the home that model workers share. */
export interface TaskApiPorts {
  readonly door: TaskDoor;
  readonly store: TaskStore;
  readonly files: FileStore;
  readonly artifacts: ArtifactStore;
  /** Which models each caller may name. */
  readonly catalogue: Pick<Catalogue, 'demand'>;
  readonly limits?: Partial<TaskApiLimits>;
}

export interface TaskApiLimits {
  /** Calls of one task in flight at most. */
  readonly parallel: number;
  /** For one call of a model, milliseconds. */
  readonly callMs: number;
  /** How long a client is kept waiting for a durable completion, milliseconds. */
  readonly waitMs: number;
}

export const TASK_API_LIMITS: TaskApiLimits = { parallel: 50, callMs: 600_000, waitMs: 600_000 };
