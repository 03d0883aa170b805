import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createModelClient } from '../activities/models/client/create-model-client';
import type { ModelClient } from '../activities/models/client/model-client';
import { configureProviders } from '../activities/providers/configure';
import type { ProfilePort } from '../activities/models/client/ports';
import type { ModelProvider } from '../activities/providers/model-provider';
import type { Environment } from '../contracts/config/from-environment';
import type { ModelConfig } from '../contracts/config/model-config';
import { createPriceBook } from '../contracts/prices';
import type { Breakers } from './doors/breakers';
import { readConfigFile } from './config-file';
import { createLedger, type Ledger } from './doors/ledger';
import { createProfiles } from './doors/profiles';

/** The one way to models of a process, and what it goes by. */
export interface Models {
  readonly config: ModelConfig;
  readonly providers: readonly ModelProvider[];
  readonly client: ModelClient;
  readonly ledger: Ledger;
  readonly profiles: ProfilePort;
  /** Sends what was learned and not told yet. */
  readonly close: () => Promise<void>;
}

export interface ModelsOptions {
  readonly environment: Environment;
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Where the ledger and the profiles have their workflows. */
  readonly taskQueue: string;
  readonly breakers: Breakers;
  readonly redact: (text: string) => string;
  readonly log: Logger;
}

/** Fails: ConfigurationInvalid. */
export async function createModels(options: ModelsOptions): Promise<Models> {
  const { environment, breakers, redact, log, connection, namespace, taskQueue } = options;
  const { config, providers, notes } = await configureProviders(environment, readConfigFile(environment));
  const { organisation, source } = config;
  log.info({ providers: providers.map(({ name }) => name), source, notes }, 'model providers');
  const where = { connection, namespace, taskQueue, organisation, log };
  const ledger = createLedger({ ...where, ...(config.budgets && { budgets: config.budgets }) });
  const profiles = createProfiles(where);
  const prices = createPriceBook(config.providers);
  const client = createModelClient({ config, breakers, prices, profiles, redact });
  return { config, providers, client, ledger, profiles, close: () => profiles.close() };
}
