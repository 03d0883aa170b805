import type { ModelConfig } from '../../contracts/config/model-config';
import type { JsonObject } from '../../contracts/json';
import type { Candidate } from '../../contracts/models';
import type { ArtifactStore } from '../artifacts/artifact-store';
import type { Answered, ModelClient } from '../models/client/model-client';
import type { LedgerPort } from '../models/client/ports';
import type { Timeouts } from '../providers/model-provider';
import type { FileStore } from './file-store';
import type { TaskStore } from './task-store';

/** A chat completion as a provider gave it, in OpenAI's words. */
export interface ChatCompletion {
  readonly body: JsonObject;
  readonly requestId?: string;
}

/** Make one chat completion: one HTTP request. Fails: ProviderFailure. */
export type Chat = (
  candidate: Candidate,
  body: JsonObject,
  options: { readonly timeouts: Timeouts; readonly signal: AbortSignal },
) => Promise<Answered<ChatCompletion>>;

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
  readonly chat: Chat;
  readonly config: Pick<ModelConfig, 'budgets'>;
  readonly ledger: LedgerPort;
  readonly wellness: Wellness;
  /** Takes known secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly log: { info(message: string, fields: object): void; warn(message: string, fields: object): void };
}
