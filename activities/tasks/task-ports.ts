import type { BudgetScope } from '../../contracts/budgets';
import type { ModelConfig } from '../../contracts/config/model-config';
import type { ArtifactStore } from '../artifacts/artifact-store';
import type { ModelClient, Purse } from '../models/client/model-client';
import type { LedgerPort } from '../models/client/ports';
import type { ModelProvider } from '../providers/model-provider';
import type { FileStore } from './file-store';
import type { TaskStore } from './task-store';

/** Whether this worker reaches any provider at all. */
export interface Wellness {
  readonly isWell: boolean;
  /** A provider could not be reached: look whether that is this worker's own trouble. */
  lookAgain(): Promise<boolean>;
}

export interface TaskPorts {
  readonly store: TaskStore;
  readonly files: FileStore;
  readonly artifacts: ArtifactStore;
  readonly client: ModelClient;
  /** Those that the client's routes lead to. */
  readonly providers: readonly ModelProvider[];
  readonly config: Pick<ModelConfig, 'budgets'>;
  readonly ledger: LedgerPort;
  /** The money of this worker, for tasks that hold none themselves; undefined: nothing is counted. */
  readonly purseOf: (scope: BudgetScope) => Purse | undefined;
  readonly wellness: Wellness;
  /** Takes known secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly log: { info(message: string, fields: object): void; warn(message: string, fields: object): void };
}
