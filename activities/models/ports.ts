import type { ModelConfig } from '../../contracts/config/model-config';
import type { Text } from '../../contracts/text';
import type { ModelProvider } from '../providers/model-provider';
import type { ModelClient } from './client/model-client';
import type { LedgerPort } from './client/ports';

/** What the activities of models work with. */
export interface ModelPorts {
  readonly client: ModelClient;
  /** By name, those that the client's routes lead to. */
  readonly providers: readonly ModelProvider[];
  readonly config: Pick<ModelConfig, 'budgets'>;
  readonly ledger: LedgerPort;
  readonly readText: (text: Text) => Promise<string>;
  readonly storeText: (text: string) => Promise<Text>;
  /** Takes known secrets out of a text: what goes to a provider and what comes back passes through it. */
  readonly redact: (text: string) => string;
  readonly log: { info(message: string, fields: object): void; warn(message: string, fields: object): void };
}
