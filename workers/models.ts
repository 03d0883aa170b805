import type { ConnectionLike } from '@temporalio/client';
import type { Logger } from 'pino';
import { createModelClient } from '../activities/models/client/create-model-client';
import type { ModelClient } from '../activities/models/client/model-client';
import { configureProviders, type Environment } from '../activities/providers/configure';
import type { ModelProvider } from '../activities/providers/model-provider';
import { DEFAULT_ORGANISATION } from '../contracts/budgets';
import type { ConfiguredProvider, ModelConfig } from '../contracts/config/model-config';
import { createPriceBook } from '../contracts/prices';
import { VENDORS } from '../contracts/schemas/config/providers';
import type { Breakers } from './breakers';
import { createLedger, type Ledger } from './ledger';
import { createProfiles } from './profiles';

/** The one way to models of a process, and what it goes by. */
export interface Models {
  readonly config: ModelConfig;
  readonly providers: readonly ModelProvider[];
  readonly client: ModelClient;
  readonly ledger: Ledger;
  /** Sends what was learned and not told yet. */
  readonly close: () => Promise<void>;
}

export interface ModelsOptions {
  readonly environment: Environment;
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Where the ledger and the profiles have their workflows. */
  readonly taskQueue: string;
  readonly breakers: Breakers;
  readonly redact: (text: string) => string;
  readonly log: Logger;
}

export async function createModels(options: ModelsOptions): Promise<Models> {
  const { environment, breakers, redact, log, connection, namespace, taskQueue } = options;
  const { providers, notes } = await configureProviders(environment);
  log.info({ providers: providers.map(({ name }) => name), notes }, 'model providers');
  const config = configOf(providers);
  const { organisation } = config;
  const where = { connection, namespace, taskQueue, organisation, log };
  const ledger = createLedger(where);
  const profiles = createProfiles(where);
  const prices = createPriceBook(config.providers);
  const client = createModelClient({ config, breakers, prices, profiles, redact });
  return { config, providers, client, ledger, close: () => profiles.close() };
}

/** The configuration that the environment alone makes. */
function configOf(providers: readonly ModelProvider[]): ModelConfig {
  return {
    organisation: DEFAULT_ORGANISATION,
    providers: providers.map(configured),
    ...{ chains: {}, routes: [], experiments: [], policies: [] },
    gateway: { host: '127.0.0.1', port: 4180, keys: {} },
    source: 'the environment',
  };
}

function configured({ name, models, pricing, standIn }: ModelProvider): ConfiguredProvider {
  const { id, url = '' } = pricing.kind === 'listed' ? pricing : { id: undefined };
  const vendor = VENDORS.find((one) => one === id);
  return {
    ...{ name, models, standIn, tags: [], structuredOutput: false },
    ...(vendor === undefined ? {} : { vendor }),
    protocol: name === 'anthropic' || name === 'ollama' ? name : 'openai',
    baseUrl: url,
    prices: pricing.kind === 'free' ? { '*': 'free' } : {},
  };
}
