import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createModelClient } from '../activities/models/client/create-model-client';
import type { LedgerPort } from '../activities/models/client/ports';
import { configuredProvider } from '../activities/providers/configure';
import { NEVER_REPORTED } from '../contracts/breakers';
import type { ModelConfig } from '../contracts/config/model-config';
import { createPriceBook } from '../contracts/prices';
import { gateway } from '../contracts/schemas/config/gateway';
import { budgets } from '../contracts/schemas/config/budgets';
import { createAudit } from '../workers/gateway/audit';
import { createKeys } from '../workers/gateway/keys';
import { createMetrics } from '../workers/gateway/metrics';
import { GATEWAY_LIMITS, type GatewayPorts } from '../workers/gateway/ports';
import { createPurses, watchLedger } from '../workers/gateway/purses';
import { createServer } from '../workers/gateway/server';

/** What this process is given as its only argument, as JSON. */
export interface GatewayProcessOptions {
  readonly upstream: string;
  readonly home: string;
  readonly key: string;
}

/**
 * The gateway with a key, a budget, breakers, prices, metrics and the audit, and no server of Temporal behind it: the
 * ledger grants what is asked, and breakers stand as they do between two looks at them. Tells its port to its parent.
 */
async function main(): Promise<void> {
  const { upstream, home, key } = JSON.parse(process.argv[2]!) as GatewayProcessOptions;
  const config: ModelConfig = {
    ...{ organisation: 'bench', chains: {}, routes: [], experiments: [], policies: [], source: 'the benchmark' },
    gateway: gateway.parse({ keys: { bench: { key: 'BENCH_KEY', team: 'bench' } } }),
    budgets: budgets.parse({ limits: { month: 1_000_000 }, teams: { bench: { limits: { day: 100_000 } } } }),
    providers: [
      {
        ...{ name: 'upstream', protocol: 'openai', baseUrl: upstream, models: ['small'], tags: [], standIn: false },
        ...{ keyVariable: 'UPSTREAM_KEY', prices: { '*': { input: 1, output: 2 } }, structuredOutput: false },
      },
    ],
  };
  const ledger: LedgerPort = { book: (entries) => Promise.resolve(entries.map(answerTo)) };
  const breakers = {
    standing: () => Promise.resolve(NEVER_REPORTED),
    report: () => Promise.resolve(),
    takeProbe: () => Promise.resolve(true),
  };
  const purses = createPurses(config.budgets, ledger, 'bench');
  const ports: GatewayPorts = {
    ...{ config, breakers, home, limits: GATEWAY_LIMITS, latencies: new Map(), metrics: createMetrics() },
    models: createModelClient({
      ...{ config, breakers, prices: createPriceBook(config.providers), redact: (text: string) => text },
      profiles: { known: () => Promise.resolve([]), learn: () => undefined },
    }),
    keys: createKeys(config.gateway, { BENCH_KEY: key }),
    purseOf: (scope) => purses.of(scope),
    providers: config.providers.map((provider) => configuredProvider(provider, { UPSTREAM_KEY: 'none' })),
    ledgerTrouble: watchLedger(config.budgets, ledger, 'bench'),
    audit: createAudit(join(home, 'gateway'), (error) => console.error(error)),
    log: pino({ level: 'info' }),
  };
  const app = await createServer(ports);
  await app.listen({ host: '127.0.0.1', port: 0 });
  process.once('disconnect', () => process.exit(0));
  process.send?.((app.server.address() as AddressInfo).port);
}

function answerTo(entry: Parameters<LedgerPort['book']>[0][number]) {
  return entry.op === 'draw'
    ? { outcome: 'held' as const, grantedNano: entry.amountNano }
    : { outcome: 'booked' as const };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
