import type { ModelActivities } from '../../contracts/activities';
import type { Text } from '../../contracts/text';
import type { ModelProvider } from '../providers/model-provider';
import { callModel } from './call-model';

export interface ModelPorts {
  /** In order of preference. */
  readonly providers: readonly ModelProvider[];
  readonly readText: (text: Text) => Promise<string>;
  readonly storeText: (text: string) => Promise<Text>;
  /** Takes known secrets out of a text: what goes to a provider and what comes back passes through it. */
  readonly redact: (text: string) => string;
  readonly log: { info(message: string, fields: object): void; warn(message: string, fields: object): void };
}

/** The activities that ask models. */
export function createModelActivities(ports: ModelPorts): ModelActivities {
  return { callModel: (input) => callModel(ports, input) };
}
