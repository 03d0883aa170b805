import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readFile, readdir } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import OpenAI, { type ClientOptions } from 'openai';
import { pino } from 'pino';
import { createModelClient } from '../../activities/models/client/create-model-client';
import { OverBudget, type Purse } from '../../activities/models/client/model-client';
import type { BreakerPort } from '../../activities/models/client/ports';
import { configuredProvider } from '../../activities/providers/configure';
import type { ProviderReport, Standing } from '../../contracts/breakers';
import type { ConfiguredProvider, ModelConfig } from '../../contracts/config/model-config';
import type { NanoDollars } from '../../contracts/money';
import { createPriceBook } from '../../contracts/prices';
import { gateway, type GatewayKeyFile } from '../../contracts/schemas/config/gateway';
import { createAudit } from '../../workers/gateway/audit';
import { createKeys } from '../../workers/gateway/keys';
import { createMetrics } from '../../workers/gateway/metrics';
import { GATEWAY_LIMITS, type GatewayLimits, type GatewayPorts } from '../../workers/gateway/ports';
import { createServer, type AddRoutes } from '../../workers/gateway/server';
import { removeTemporary, temporaryDirectory } from './temporary-home';
import { startUpstream, type ScriptedUpstream } from './scripted-upstream';

export interface LiveGatewayOptions {
  /** One upstream is started for each, in this order; `first` when absent. */
  readonly providers?: readonly string[];
  readonly config?: Partial<ModelConfig>;
  readonly keys?: Readonly<Record<string, GatewayKeyFile>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<GatewayLimits>;
  /** What each caller may spend; absent: nothing is counted. */
  readonly budgetNano?: NanoDollars;
  /** When that budget begins anew, epoch milliseconds. */
  readonly budgetAnewAt?: number;
  /** Where the money comes from, in place of a budget of the test. */
  readonly purseOf?: GatewayPorts['purseOf'];
  readonly ledgerTrouble?: () => Promise<string | undefined>;
  readonly more?: readonly AddRoutes[];
  /** By name of the provider: what is otherwise of it. */
  readonly configured?: Readonly<Record<string, Partial<ConfiguredProvider>>>;
}

export interface LiveGateway {
  readonly url: string;
  /** By name of the provider. */
  readonly upstreams: Readonly<Record<string, ScriptedUpstream>>;
  readonly standings: Map<string, Standing>;
  readonly reports: { readonly breaker: string; readonly report: ProviderReport }[];
  /** What was spent so far of the budget. */
  readonly purse: CountingPurse;
  client(options?: Partial<ClientOptions>): OpenAI;
  /** Lines of the audit, once the gateway has ended. */
  audit(): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A gateway on a port of its own before scripted providers: real HTTP on both sides. */
export async function startGateway(options: LiveGatewayOptions = {}): Promise<LiveGateway> {
  const home = await temporaryDirectory();
  const names = options.providers ?? ['first'];
  const started = await Promise.all(names.map(async (name) => [name, await startUpstream()] as const));
  const upstreams = Object.fromEntries(started);
  const providers = started.map(([name, { url }]) => providerAt(name, url, options.configured?.[name]));
  const config: ModelConfig = {
    ...{ organisation: 'default', chains: {}, routes: [], experiments: [], policies: [], source: 'the test' },
    ...{ providers, gateway: gateway.parse({ keys: options.keys ?? {} }), ...options.config },
  };
  const standings = new Map<string, Standing>();
  const reports: LiveGateway['reports'] = [];
  const purse = new CountingPurse(options.budgetNano ?? Infinity, options.budgetAnewAt);
  const audit = createAudit(join(home, 'gateway'), (error) => {
    throw error;
  });
  const ports: GatewayPorts = {
    ...{ config, home, audit, latencies: new Map(), metrics: createMetrics(), log: pino({ level: 'silent' }) },
    keys: createKeys(config.gateway, options.env ?? {}),
    models: createModelClient({
      config,
      breakers: breakersOver(standings, reports),
      prices: createPriceBook(config.providers),
      profiles: { known: () => Promise.resolve([]), learn: () => undefined },
      redact: (text) => text,
    }),
    purseOf: options.purseOf ?? (() => (options.budgetNano === undefined ? undefined : purse)),
    providers: providers.map((one) => configuredProvider(one, { KEY: `key-of-${one.name}` })),
    breakers: breakersOver(standings, reports),
    ledgerTrouble: options.ledgerTrouble ?? (() => Promise.resolve(undefined)),
    limits: { ...GATEWAY_LIMITS, ...options.limits },
  };
  const app = await createServer(ports, options.more);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const stop = once(() => stopAll(app, ports, Object.values(upstreams)));
  return {
    ...{ url, upstreams, standings, reports, purse },
    client: (more = {}) => new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, logLevel: 'off', ...more }),
    async audit() {
      await stop();
      return readAudit(join(home, 'gateway'));
    },
    async close() {
      await stop();
      await removeTemporary(home);
    },
  };
}

/** A provider that lists `small` and `large`, of OpenAI's protocol unless said; a thousand tokens cost a dollar. */
function providerAt(name: string, url: string, more: Partial<ConfiguredProvider> = {}): ConfiguredProvider {
  const { protocol = 'openai' } = more;
  const baseUrl = protocol === 'openai' ? `${url}/v1` : url;
  return {
    ...{ name, protocol, baseUrl, keyVariable: 'KEY', models: ['small', 'large'], tags: [], standIn: false },
    ...{ prices: { '*': { input: 1_000, output: 1_000 } }, structuredOutput: false },
    ...more,
  };
}

/** Holds what calls may cost, and counts what they did. */
export class CountingPurse implements Purse {
  readonly scope = {};
  spentNano = 0;
  heldNano = 0;

  constructor(
    private readonly limitNano: NanoDollars,
    private readonly anewAt?: number,
  ) {}

  hold(estimateNano: NanoDollars) {
    if (this.spentNano + this.heldNano + estimateNano > this.limitNano) {
      return Promise.reject(new OverBudget('The budget of the test has nothing left.', this.anewAt));
    }
    this.heldNano += estimateNano;
    let settled = false;
    return Promise.resolve({
      settle: (spentNano: NanoDollars | undefined) => {
        if (settled) throw new Error('a hold was settled twice');
        settled = true;
        this.heldNano -= estimateNano;
        this.spentNano += spentNano ?? estimateNano;
      },
    });
  }
}

function breakersOver(standings: Map<string, Standing>, reports: LiveGateway['reports']): BreakerPort {
  return {
    standing: (breaker) => Promise.resolve(standings.get(breaker) ?? { state: 'closed', generation: 0 }),
    report: (breaker, report) => Promise.resolve(void reports.push({ breaker, report })),
    takeProbe: () => Promise.resolve(false),
  };
}

async function stopAll(
  app: FastifyInstance,
  ports: GatewayPorts,
  upstreams: readonly ScriptedUpstream[],
): Promise<void> {
  app.server.closeAllConnections();
  await app.close();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
  await ports.audit.close();
}

async function readAudit(folder: string): Promise<readonly Record<string, unknown>[]> {
  const files = await readdir(folder);
  const texts = await Promise.all(files.sort().map((file) => readFile(join(folder, file), 'utf8')));
  const lines = texts.join('').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
