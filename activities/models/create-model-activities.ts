import type { ModelConfig } from '../../contracts/config/model-config';
import type { ModelActivities } from '../../contracts/models';
import type { Text } from '../../contracts/text';
import type { ModelProvider } from '../providers/model-provider';
import { callModel } from './call-model';
import type { LedgerPort } from './client/ports';
import type { ModelClient } from './client/model-client';
import { settleSlices } from './settle-slices';

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

/** The activities that ask models, and that settle what asking them has cost. */
export function createModelActivities(ports: ModelPorts): ModelActivities {
  return {
    callModel: (input) => callModel(ports, input),
    settleSlices: (input) => settleSlices(ports, input),
  };
}
